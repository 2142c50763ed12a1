import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The measurements and models next to the repository, if they are there. */
export const shared = process.env.NNMETER_SHARED ?? join(import.meta.dirname, '../../../../shared');
export const sharedExists = existsSync(shared);
if (!sharedExists) console.log('skipped: ../shared absent');
