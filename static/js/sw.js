// Keeps summaries and answers that were read, and the visit pack, readable without a connection.
// Only for readers who asked for it (see site.js); besides, only what to do in an emergency is kept.
"use strict";

const KEPT = "kept-1";
// What addresses in each language begin with; in English, with nothing.
const PREFIXES = new URLSearchParams(self.location.search).get("languages").split(",").map((code) => (code === "en" ? "" : `/${code}`));
const ALWAYS = PREFIXES.flatMap((prefix) => [`${prefix}/offline`, `${prefix}/emergency`]);
const PAGES = /^(\/[a-z]{2})?\/((research|answers)\/[^/.]+|start|visit-pack|offline|emergency)$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(ALWAYS)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(others).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(fromCacheFirst(event));
  else if (request.mode === "navigate") event.respondWith(fromNetworkFirst(event, PAGES.test(url.pathname) && !url.searchParams.has("me")));
});

async function fromCacheFirst(event) {
  const kept = await find(event.request);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok) keep(event, answer);
  return answer;
}

async function fromNetworkFirst(event, isKept) {
  let answer;
  try {
    answer = await fetch(event.request);
  } catch {
    return (await find(event.request)) || (await find(`${prefixOf(event.request)}/offline`)) || Response.error();
  }
  if (isKept && answer.status === 200) keep(event, answer);
  // What was withdrawn must not live on here: any answer that is not 200 deletes the copy.
  else if (isKept && answer.status < 500) event.waitUntil(forget(event.request));
  return answer;
}

function prefixOf(request) {
  const { pathname } = new URL(request.url);
  return PREFIXES.find((prefix) => prefix && pathname.startsWith(`${prefix}/`)) || "";
}

// Storage may be full, damaged or forbidden. A reader with a connection gets the network's answer all the same: it waits
// for no copy, and no failure of storage gets out of the functions below.
async function find(request) {
  try {
    return await (await copies())?.match(request, { ignoreVary: true });
  } catch {
    return undefined;
  }
}

function keep(event, answer) {
  const copy = answer.clone();
  const stored = copies().then((cache) => cache?.put(event.request, copy));
  // An older copy would be shown without a connection, although the page has changed since: a retraction, for example.
  event.waitUntil(stored.catch(() => forget(event.request)));
}

async function forget(request) {
  try {
    await (await copies())?.delete(request, { ignoreVary: true });
  } catch {
    // nothing can be deleted where nothing can be stored
  }
}

// Only the installation creates the storage. A reader who asks us to keep nothing more has it deleted, and this worker goes on
// serving the page that is open: it must not create the storage again.
async function copies() {
  return (await caches.has(KEPT)) ? caches.open(KEPT) : undefined;
}
