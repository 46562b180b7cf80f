"use strict";

// Type-ahead for the search box: a combobox with a list, as the ARIA practices have it. Without this file the form
// still finds articles.
for (const form of document.querySelectorAll("form[data-suggest]")) {
  const input = form.querySelector("input");
  const list = form.querySelector("[role=listbox]");
  const status = form.querySelector("[role=status]");
  let active = -1;
  let pending = null;
  let timer = 0;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (number) => {
    const options = list.children;
    if (!options.length) return;
    active = (number + options.length) % options.length;
    for (const [place, option] of [...options].entries()) {
      option.setAttribute("aria-selected", String(place === active));
    }
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  };

  const open = (option) => {
    window.location.assign(`${form.dataset.open}?url=${encodeURIComponent(option.dataset.url)}`);
  };

  const show = (articles) => {
    list.replaceChildren(
      ...articles.map((article, place) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.url = article.url;
        const subject = document.createElement("span");
        subject.className = "subject";
        subject.textContent = article.subject ?? "";
        option.append(article.title, " ", subject);
        if (article.hidden) {
          const mark = document.createElement("span");
          mark.className = "mark bad";
          mark.textContent = "hidden";
          subject.append(" ", mark);
        }
        return option;
      }),
    );
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = articles.length === 0;
    input.setAttribute("aria-expanded", String(articles.length > 0));
    status.textContent = articles.length === 1 ? "1 article found" : `${articles.length} articles found`;
  };

  // What was asked before is over: its list goes, its timer and its request too.
  const forget = () => {
    clearTimeout(timer);
    pending?.abort();
    list.replaceChildren();
    status.textContent = "";
    close();
  };

  const ask = async () => {
    forget();
    const query = input.value.trim();
    if ([...query].length < 2) return;
    const own = (pending = new AbortController());
    try {
      const address = `${form.dataset.suggest}?query=${encodeURIComponent(query)}&limit=8&matches=false`;
      const reply = await fetch(address, { signal: own.signal });
      const found = reply.ok ? (await reply.json()).articles : null;
      if (found && own === pending && document.activeElement === input) show(found);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", () => {
    forget();
    timer = setTimeout(ask, 200);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) ask();
    else if (event.key === "ArrowDown") choose(active + 1);
    else if (event.key === "ArrowUp" && !list.hidden) choose(active - 1);
    else if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Enter" && active >= 0 && !list.hidden) open(list.children[active]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) open(option);
  });
  input.addEventListener("blur", forget);
}

// "/" goes to the search box from anywhere but a field.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const input = document.querySelector("form[data-suggest] input");
  if (input) {
    event.preventDefault();
    input.focus();
    input.select();
  }
});

// Copy buttons: shown only where this file runs.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const status = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      status.textContent = button.dataset.said;
    } catch {
      // No clipboard outside https and localhost: the text is selected for Ctrl-C instead.
      window.getSelection().selectAllChildren(source);
      status.textContent = "Selected; copy it with Ctrl-C.";
    }
  });
}
