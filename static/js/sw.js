// Keeps summaries that were read, and the visit pack, readable without a connection.
// Only for readers who asked for it (see site.js); nothing else is kept.
"use strict";

const KEPT = "kept-1";
const PAGES = /^\/(research\/[^/.]+|visit-pack|offline)$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.add("/offline")).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(others).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(fromCacheFirst(request));
  else if (request.mode === "navigate") event.respondWith(fromNetworkFirst(request, PAGES.test(url.pathname)));
});

async function fromCacheFirst(request) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

// A withdrawn summary must not live on here: any answer that is not 200 throws the copy away.
async function fromNetworkFirst(request, isKept) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (isKept && answer.status === 200) await cache.put(request, answer.clone());
    else if (isKept && answer.status < 500) await cache.delete(request, { ignoreVary: true });
    return answer;
  } catch (error) {
    return (await cache.match(request, { ignoreVary: true })) || (await cache.match("/offline", { ignoreVary: true }));
  }
}
