import { fileURLToPath } from 'node:url';

/** The folder of the built page: files to be served as they are, at any path. */
export const PAGE_FOLDER = fileURLToPath(new URL('./page', import.meta.url));

/** The file of {@link PAGE_FOLDER} in whose place a server may answer with an {@link Offer}. */
export const OFFER_FILE = 'models.json';

export type { Offer, OfferedFile, OfferedModel } from './offer.ts';
export { PAGE_HEADERS, POLICY } from './policy.ts';
export { RUNTIME } from './runtime.ts';
