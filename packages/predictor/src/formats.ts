import { NnMeterError, quote } from '@nnmeter/ir';
import {
  type ForeignFormat,
  type FormatFacts,
  type Frontend,
  foreignFormat,
  type ModelSource,
} from '@nnmeter/model-source';
import { type DiscoveredPackage, missingPackage } from './discover-packages.ts';
import { KNOWN_FORMATS, type KnownFormat } from './known-formats.ts';
import { installedPlugins } from './plugins.ts';

/** A format that can be read here. */
export interface Format {
  readonly facts: FormatFacts;
  load(): Promise<Frontend>;
}

/** How much of a head the `head` expressions of formats see. */
const SIGN_BYTES = 4096;

const registered = new Map<string, Frontend>();
let installed: Promise<readonly Format[]> | undefined;

/**
 * Makes a frontend known to `modelToGraph`, `modelFileToGraph` and `predict`. Only needed where packages cannot be found
 * by their keyword: in browsers, in bundles, and for your own readers. Replaces the frontend of that format.
 * @throws NnMeterError E_INVALID_INPUT if it is no frontend
 */
export function registerFrontend(frontend: Frontend): void {
  registered.set(checkFrontend(frontend, 'this').format, frontend);
}

/** The formats of registered frontends and of installed packages. */
export async function listFormats(): Promise<readonly FormatFacts[]> {
  return (await allFormats()).map(({ facts }) => facts);
}

export async function allFormats(): Promise<readonly Format[]> {
  installed ??= installedPlugins('nnmeter-frontend').then((packages) => packages.map(toFormat));
  const own = [...registered.values()].map((frontend) => ({
    facts: frontend,
    load: async () => frontend,
  }));
  const formats = new Map<string, Format>();
  for (const format of [...own, ...(await installed)]) {
    if (!formats.has(format.facts.format)) formats.set(format.facts.format, format);
  }
  return [...formats.values()];
}

/**
 * The frontend for a type of model that is not given by name.
 * @throws NnMeterError E_MISSING_PACKAGE, E_INVALID_INPUT for an unknown type
 */
export async function loadFrontend(type: string): Promise<Frontend> {
  const formats = await allFormats();
  const format = formats.find(({ facts }) => goesBy(facts, type));
  if (format !== undefined) return format.load();
  throw unknownType(type, formats);
}

/**
 * The frontend for a type of model if `name` is the name of one, as in a zoo; undefined if it is a file. A type that is
 * an alias leaves files to the format of that type.
 * @param isFile tells whether there is such a file
 */
export async function findNamed(
  type: string,
  name: string,
  isFile: () => Promise<boolean>,
): Promise<Frontend | undefined> {
  const formats = await allFormats();
  const named = formats.find(({ facts }) => facts.named && goesBy(facts, type));
  if (named === undefined) return undefined;
  const isAlias = named.facts.format !== type;
  if (!isAlias || !(looksLikeFile(name) || (await isFile()))) return named.load();
  if (formats.some(({ facts }) => facts.format === type)) return undefined;
  throw new NnMeterError(
    'E_UNSUPPORTED_FORMAT',
    `${quote(name)} is a file, but nothing installed reads files of type ${quote(type)}, which stands for ${named.facts.title}`,
    { where: { file: name }, hint: 'export the model to ONNX, for example' },
  );
}

/**
 * The frontend that recognises a model by its content, never by its name.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT naming the formats tried and the packages not installed
 */
export async function detectFrontend(source: ModelSource): Promise<Frontend> {
  const sign = String.fromCharCode(...source.head.subarray(0, SIGN_BYTES));
  const formats = (await allFormats()).filter(({ facts }) => !facts.named);
  const candidates = formats.filter(({ facts }) => hasSign(facts, sign));
  const found = await mostLikely(candidates, (frontend) => frontend.matches(source.head, source));
  if (found !== undefined) return found;
  throw unknownFormat(source, sign, formats, await foreignFormat(source));
}

/** The frontend that recognises an object; undefined if none does. */
export async function detectObject(object: object): Promise<Frontend | undefined> {
  return mostLikely(await allFormats(), (frontend) => frontend.matchesObject?.(object) ?? 0);
}

/** The frontend with the greatest likeness above 0. */
async function mostLikely(
  formats: readonly Format[],
  likenessOf: (frontend: Frontend) => number | Promise<number>,
): Promise<Frontend | undefined> {
  let best: { frontend: Frontend; likeness: number } | undefined;
  for (const { load } of formats) {
    const frontend = await load();
    const likeness = await likenessOf(frontend);
    if (likeness > (best?.likeness ?? 0)) best = { frontend, likeness };
  }
  return best?.frontend;
}

function toFormat({ name, facts, load }: DiscoveredPackage): Format {
  const { format = '', title = format } = (facts ?? {}) as Partial<FormatFacts>;
  const known = { ...(facts ?? {}), format: format || name, title: title || name };
  return {
    facts: known,
    async load() {
      const frontend = checkFrontend((await load()).frontend, `the package ${name}`);
      if (frontend.format === known.format) return { ...frontend, ...known };
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `the package ${name} exports a frontend for ${quote(frontend.format)}, but its package.json says ${quote(format)}`,
      );
    },
  };
}

function checkFrontend(value: unknown, what: string): Frontend {
  const { format, matches, read } = (value ?? {}) as Partial<Frontend>;
  if (typeof format === 'string' && typeof matches === 'function' && typeof read === 'function') {
    return value as Frontend;
  }
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${what} is not a frontend: it needs a "format", "matches" and "read"`,
  );
}

function goesBy({ format, aliases }: FormatFacts, type: string): boolean {
  return format === type || aliases?.includes(type) === true;
}

function looksLikeFile(name: string): boolean {
  return /[\\/]|\.\w+$/.test(name);
}

function hasSign({ head }: Pick<FormatFacts, 'head'>, sign: string): boolean {
  return head === undefined || new RegExp(head, 's').test(sign);
}

function notInstalled(formats: readonly Format[]): readonly KnownFormat[] {
  return KNOWN_FORMATS.filter(
    ({ format }) => !formats.some(({ facts }) => facts.format === format),
  );
}

function unknownType(type: string, formats: readonly Format[]): NnMeterError {
  const missing = notInstalled(formats);
  const known = missing.find((facts) => goesBy(facts, type));
  if (known !== undefined) {
    const purpose = `reading a model of type "${type}"`;
    return missingPackage(purpose, known.package, 'registerFrontend(frontend)');
  }
  const types = [...formats.map(({ facts }) => facts), ...missing].map(({ format }) => format);
  return new NnMeterError(
    'E_INVALID_INPUT',
    `unknown model type ${quote(String(type))}; known are ${types.sort().join(', ')}`,
  );
}

function unknownFormat(
  { name, label }: ModelSource,
  sign: string,
  formats: readonly Format[],
  foreign: ForeignFormat | undefined,
): NnMeterError {
  const shown = name === '' ? label : quote(label);
  const where = { ...(name !== '' && { where: { file: label } }) };
  const missing = notInstalled(formats).filter(({ named }) => !named);
  const likely = missing.filter(
    ({ head, suffixes = [] }) =>
      suffixes.some((suffix) => name.endsWith(suffix)) ||
      (head !== undefined && hasSign({ head }, sign)),
  );
  if (foreign !== undefined) {
    const problem = `${shown} is ${foreign.what}, which is not read here`;
    return new NnMeterError('E_UNSUPPORTED_FORMAT', problem, { ...where, hint: foreign.advice });
  }
  const packages = (likely.length > 0 ? likely : missing).map((known) => known.package);
  const others =
    packages.length === 0 ? '' : `; other formats need: npm install ${packages.join(' ')}`;
  const tried = formats.map(({ facts }) => facts.format).sort();
  return new NnMeterError(
    'E_UNSUPPORTED_FORMAT',
    `${shown} is not a model of a known format (${tried.join(', ')})`,
    {
      ...where,
      hint: { text: `name its type to be told why it is refused${others}`, types: tried },
    },
  );
}
