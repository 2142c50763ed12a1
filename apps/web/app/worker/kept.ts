import type { JournalHeader, JournalLine } from '@nnmeter/builder';
import { NnMeterError } from '@nnmeter/ir';
import type { BegunBuild, BuiltDevice } from '../protocol.ts';

/** What the browser keeps for this page: a header and lines of the build that was begun, and what was built. */
const JOURNAL = 'journal';
const BUILT = 'built';

let opening: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('nn-meter', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(JOURNAL, { autoIncrement: true });
      request.result.createObjectStore(BUILT, { keyPath: 'definition.name' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** Does something with a store, and waits until it is kept. @throws NnMeterError E_FILE */
async function inStore<T>(
  name: typeof JOURNAL | typeof BUILT,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const transaction = (await database()).transaction(name, mode);
    const request = work(transaction.objectStore(name));
    return await new Promise<T>((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } catch (cause) {
    opening = undefined;
    const { message } = cause as Error;
    throw new NnMeterError('E_FILE', `the browser keeps nothing for this page: ${message}`, {
      hint: 'allow the page to store data, and make room for it',
      cause,
    });
  }
}

/** What a build measured that was begun and is not done. */
export async function readJournal(): Promise<
  { readonly header: JournalHeader; readonly lines: readonly JournalLine[] } | undefined
> {
  const [header, ...lines] = await inStore(JOURNAL, 'readonly', (store) => store.getAll());
  return header && { header, lines };
}

/** Adds to the journal, a header first. */
export async function addToJournal(value: JournalHeader | JournalLine): Promise<void> {
  await inStore(JOURNAL, 'readwrite', (store) => store.add(value));
}

/** The build that could be gone on with. */
export async function begunBuild(): Promise<BegunBuild | undefined> {
  const journal = await readJournal();
  if (journal === undefined) return undefined;
  const { header, lines } = journal;
  const measured = new Set(lines.flatMap(({ kind, id }) => (kind === 'measured' ? [id] : [])));
  return { name: header.name, models: measured.size };
}

export async function forgetBegun(): Promise<void> {
  await inStore(JOURNAL, 'readwrite', (store) => store.clear());
}

/** What was built on this page, also before it was last closed. */
export function builtDevices(): Promise<readonly BuiltDevice[]> {
  return inStore(BUILT, 'readonly', (store) => store.getAll());
}

/** Keeps what was built; its measurements are no longer needed. */
export async function keepBuilt(device: BuiltDevice): Promise<void> {
  await inStore(BUILT, 'readwrite', (store) => store.put(device));
  await forgetBegun();
}

export async function forgetBuilt(name: string): Promise<void> {
  await inStore(BUILT, 'readwrite', (store) => store.delete(name));
}
