// Asks a running service through the types that openapi-typescript makes of its document; prints what it got.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { argv: string[] };
const [, , baseUrl, url, id] = process.argv;
const client = createClient<paths>({ baseUrl });

const related = await client.GET("/v1/related", {
  params: { query: { url, limit: 3, min_score: 0.1 + 0.2 - 0.3, explain: true } },
});
const terms: number[] = (related.data?.related ?? []).map((link) => (link.terms ?? []).reduce((sum, t) => sum + t.value, 0));
const byId = await client.GET("/v1/articles/{id}/related", { params: { path: { id }, query: { limit: 1 } } });
const russian = await client.POST("/v1/related", { body: { title: "Почему мерцают звёзды?", limit: 2 } });
const chinese = await client.POST("/v1/related", { body: { answer: "星星为什么会闪烁", keywords: "moon" } });
const batch = await client.POST("/v1/related:batch", {
  body: { requests: [{ url }, { id, limit: 2 }, { url: "/nowhere" }] },
});
const search = await client.GET("/v1/articles", { params: { query: { query: "why do stars twin", limit: 1, matches: false } } });
const error = await client.GET("/v1/related", { params: { query: { url: "/nowhere" } } });
const problem: { status: number; matches?: string[] } | undefined = error.error;

// What the document does not allow is no program: tsc fails where one of these is none.
// @ts-expect-error a limit is a number
client.GET("/v1/related", { params: { query: { url, limit: "3" } } }) satisfies unknown;
// @ts-expect-error a request of a batch names a url or an id
const wrong: paths["/v1/related:batch"]["post"]["requestBody"]["content"]["application/json"] = { requests: [{}] };
// @ts-expect-error nobody else makes links
const source: "robot" = related.data!.related[0].source;

console.log(
  JSON.stringify({
    related: related.data?.related.map((link) => [link.url, link.score]),
    terms,
    by_id: byId.data?.related.map((link) => link.url),
    drafts: [russian, chinese].map((draft) => [draft.response.status, draft.data?.article.title]),
    batch: batch.data?.responses.map((one) => ("related" in one ? one.related.length : one.status)),
    search: search.data?.articles.map((article) => article.url),
    error: [problem?.status, problem?.matches?.length],
  }),
);
