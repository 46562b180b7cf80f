// <related-articles>: the links of the page that it stands on, from the API or from static files. No dependency, no style.
//   <script src="https://links.example.org/recommender.js" defer></script>
//   <related-articles api="https://links.example.org">what is shown without scripts, or when nothing is found</related-articles>
// Attributes: api (the service) or files (the folder of `recommender export --format json-files`), and if wanted url (else
// the page's own path), limit (5), heading ("Related articles"), level (2), fallback ("most-linked").
(() => {
  const hex = (all, digits) => "_" + (digits ?? all.charCodeAt().toString(16)).toLowerCase();
  // The file of a url, as the export names it.
  const file = (url) =>
    (url
      .replace(/\/index\.html?$|^\/+|\/+$/g, "")
      .replace(/%([0-9A-Fa-f]{2})|[^a-z0-9/-]|\/(?=\/)/g, hex)
      .replace(/[^/]{200}(?=[^/])/g, "$&_/") || "_") + ".json";

  // Room to touch a link (WCAG 2.2, 2.5.8), which any rule of the page overrides.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":where(related-articles li){padding-block:.25em}");
  document.adoptedStyleSheets.push(sheet);

  class RelatedArticles extends HTMLElement {
    static observedAttributes = ["api", "files", "url", "limit", "fallback"];

    connectedCallback() {
      this.load();
    }

    disconnectedCallback() {
      this.request?.abort();
    }

    attributeChangedCallback(name, old) {
      if (this.isConnected && old !== null) this.load();
    }

    address() {
      const url = this.getAttribute("url") || location.pathname;
      const files = this.getAttribute("files");
      if (files !== null) return `${files.replace(/\/+$/, "")}/${file(url)}`;
      const asked = new URLSearchParams({ url, limit: this.limit(), fields: "title,url" });
      if (this.hasAttribute("fallback")) asked.set("fallback", this.getAttribute("fallback"));
      return `${(this.getAttribute("api") ?? "").replace(/\/+$/, "")}/v1/related?${asked}`;
    }

    limit() {
      return Math.min(50, Math.max(1, parseInt(this.getAttribute("limit"), 10) || 5));
    }

    async load() {
      this.request?.abort();
      const request = (this.request = new AbortController());
      const timer = setTimeout(() => request.abort(), 10000);
      this.setAttribute("aria-busy", "true");
      try {
        const reply = await fetch(this.address(), { credentials: "omit", signal: request.signal });
        if (reply.ok) this.show((await reply.json()).related);
      } catch {
        // What stands in the element stays.
      } finally {
        clearTimeout(timer);
        if (this.request === request) this.removeAttribute("aria-busy");
      }
    }

    show(related) {
      const list = document.createElement("ul");
      for (const { title, url } of related.slice(0, this.limit())) {
        const link = document.createElement("a");
        link.href = url;
        // A url comes from a front matter: none that is a script becomes a link.
        if (!/^https?:$/.test(link.protocol)) continue;
        link.textContent = title;
        list.appendChild(document.createElement("li")).append(link);
      }
      if (!list.children.length) return;
      const heading = document.createElement(`h${Math.min(6, parseInt(this.getAttribute("level"), 10) || 2)}`);
      heading.textContent = this.getAttribute("heading") || "Related articles";
      // A landmark with a name, which a screen reader lists, and says when it comes.
      const nav = document.createElement("nav");
      nav.setAttribute("aria-label", heading.textContent);
      nav.append(heading, list);
      this.setAttribute("aria-live", "polite");
      this.replaceChildren(nav);
      this.dispatchEvent(new CustomEvent("related-articles", { bubbles: true, detail: related }));
    }
  }

  if (!customElements.get("related-articles")) customElements.define("related-articles", RelatedArticles);
})();
