// Keeps the page for when there is no network: each version apart, all of it at once but for what few need and is large.
// That is kept once it was used.
const scope = self as unknown as ServiceWorkerGlobalScope;

/** The build writes these. */
const VERSION = '__VERSION__';
const FILES = JSON.parse('__FILES__') as readonly string[];
const LARGE_FILES = JSON.parse('__LARGE_FILES__') as readonly string[];

const PREFIX = 'nn-meter ';
const CACHE = `${PREFIX}${scope.registration.scope} ${VERSION}`;

scope.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

scope.addEventListener('activate', (event) => {
  event.waitUntil(takeOver());
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const isPage = new URL(request.url).origin === scope.location.origin;
  if (request.method === 'GET' && isPage) event.respondWith(answer(request));
});

/** From the first visit on; a newer version waits until no page of the older is open. */
async function takeOver(): Promise<void> {
  const older = `${PREFIX}${scope.registration.scope} `;
  for (const name of await caches.keys())
    if (name.startsWith(older) && name !== CACHE) await caches.delete(name);
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const wanted = request.mode === 'navigate' ? 'index.html' : request;
  const kept = await cache.match(wanted, { ignoreSearch: true });
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  const isLarge = LARGE_FILES.some(
    (name) => new URL(name, scope.registration.scope).href === request.url,
  );
  // Without room for it, it is fetched again the next time.
  if (isLarge && response.ok) await cache.put(request, response.clone()).catch(() => {});
  return response;
}

export {};
