import {
  type Frontend,
  type Graph,
  type ModelType,
  NnMeterError,
  type ReadOptions,
} from '@nnmeter/ir';
import { importOptional, missingPackage } from './optional-package.ts';

/** The package that reads each type of model; in the order in which formats are tried. */
const PACKAGES: Readonly<Record<Exclude<ModelType, 'nnmeter-ir'>, string>> = {
  onnx: '@nnmeter/frontend-onnx',
  'nni-ir': '@nnmeter/frontend-nni',
  pb: '@nnmeter/frontend-tf',
  torch: '@nnmeter/zoo',
};

const MODEL_TYPES = [...Object.keys(PACKAGES), 'nnmeter-ir'] as ModelType[];

const frontends = new Map<ModelType, Frontend>();

/**
 * Makes a frontend known to {@link modelToGraph}, {@link modelFileToGraph} and `predict`. Only needed where packages
 * cannot be found by name: in browsers, in bundles, and for your own readers. Replaces the frontend of that type.
 */
export function registerFrontend(frontend: Frontend): void {
  checkModelType(frontend.modelType);
  frontends.set(frontend.modelType, frontend);
}

/** The frontend for a type of model. @throws NnMeterError E_MISSING_PACKAGE, E_INVALID_INPUT for an unknown type. */
export async function loadFrontend(type: ModelType): Promise<Frontend> {
  checkModelType(type);
  const frontend = await findFrontend(type);
  if (frontend !== undefined) return frontend;
  const name = PACKAGES[type as keyof typeof PACKAGES];
  throw missingPackage(`a model of type "${type}"`, name, 'registerFrontend(frontend)');
}

/**
 * The installed frontend that recognises the first bytes (up to 64 KiB) of a file; never by file name.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT naming the types tried and the packages not installed.
 */
export async function detectFrontend(head: Uint8Array, where: string): Promise<Frontend> {
  const missing: string[] = [];
  for (const type of MODEL_TYPES) {
    const frontend = await findFrontend(type);
    if (frontend === undefined) missing.push(PACKAGES[type as keyof typeof PACKAGES]);
    else if (frontend.matches(head)) return frontend;
  }
  const hint = missing.length === 0 ? '' : `; not installed: ${missing.join(', ')}`;
  const tried = [...frontends.keys()].filter((type) => type !== 'torch').join(', ');
  throw new NnMeterError(
    'E_UNSUPPORTED_FORMAT',
    `${where} is not a model in a known format (tried ${tried}${hint})`,
  );
}

/**
 * Turns a model in memory into a graph: the bytes of a file, an ONNX `ModelProto`, parsed JSON of an nn-Meter or NNI
 * graph, or a torchvision name. Without `type`, bytes are recognised by their content.
 * @throws NnMeterError what is wrong with the model and where, E_MISSING_PACKAGE if its frontend is not installed.
 */
export async function modelToGraph(
  model: unknown,
  type?: ModelType,
  options?: ReadOptions,
): Promise<Graph> {
  const bytes = model instanceof ArrayBuffer ? new Uint8Array(model) : model;
  if (type !== undefined) return (await loadFrontend(type)).toGraph(bytes, options);
  if (!(bytes instanceof Uint8Array)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `only bytes are recognised by their content; name the model type for anything else (${MODEL_TYPES.join(', ')})`,
    );
  }
  const frontend = await detectFrontend(bytes.subarray(0, 65536), 'the data');
  return frontend.toGraph(bytes, options);
}

async function findFrontend(type: ModelType): Promise<Frontend | undefined> {
  const known = frontends.get(type);
  if (known !== undefined || type === 'nnmeter-ir') return known;
  const frontend = (await importOptional(PACKAGES[type]))?.frontend as Frontend | undefined;
  if (frontend !== undefined) frontends.set(type, frontend);
  return frontend;
}

function checkModelType(type: string): void {
  if (!MODEL_TYPES.includes(type as ModelType)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `unknown model type "${type}"; known are ${MODEL_TYPES.join(', ')}`,
    );
  }
}
