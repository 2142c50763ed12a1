import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeTemporaryFolder, readBoundedText } from '@nnmeter/files';
import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { type RequestLimits, ServingProcess } from './child-process.ts';
import { withModelFile } from './model-folder.ts';
import { readOnnxFile } from './onnx-file.ts';
import type { OnnxFacts, OnnxRequest, OptimisedFiles } from './onnxruntime-child.ts';
import { groupOptimised, type OptimisedGroup } from './optimised-nodes.ts';
import { readProfile } from './profile.ts';
import type {
  FusedNode,
  LayerTime,
  MeasureOptions,
  RunnableModel,
  Runner,
  RunnerFacts,
  RunnerResult,
} from './runner.ts';
import { requireLayers } from './samples.ts';

const CHILD = fileURLToPath(new URL('./onnxruntime-child.js', import.meta.url));

/** Reading an optimised graph measures nothing, so nobody says how long it may take. */
const OPTIMISE_MS = 300_000;
const START_MS = 60_000;
/** Of a profile; a node of a run takes about 600 bytes. */
const MAX_PROFILE_BYTES = 2 ** 29;

export interface OnnxRuntimeRunnerOptions {
  /** The folder of the project that has the runtime installed; default: the working directory. */
  readonly project?: string;
}

/**
 * ONNX Runtime on this machine's processor, by `onnxruntime-node`: processor time, times of layers, fusions.
 * @throws NnMeterError E_MISSING_PACKAGE if that is not installed
 */
export function onnxRuntimeRunner(options: OnnxRuntimeRunnerOptions = {}): Runner {
  return new OnnxRuntimeRunner('onnxruntime', 'onnxruntime-node', options);
}

/**
 * ONNX Runtime as WebAssembly, as browsers run it, by `onnxruntime-web` in Node: processor time of whole models.
 * @throws NnMeterError E_MISSING_PACKAGE if that is not installed
 */
export function onnxRuntimeWebRunner(options: OnnxRuntimeRunnerOptions = {}): Runner {
  return new OnnxRuntimeRunner('onnxruntime-web', 'onnxruntime-web', options);
}

type RuntimePackage = 'onnxruntime-node' | 'onnxruntime-web';

class OnnxRuntimeRunner implements Runner {
  readonly name: string;
  readonly format = 'onnx';
  readonly fusedNodes?: NonNullable<Runner['fusedNodes']>;
  readonly #package: RuntimePackage;
  readonly #serving: ServingProcess;
  readonly #folder = makeTemporaryFolder(join(tmpdir(), 'nn-meter-runner-'));

  constructor(name: string, packageName: RuntimePackage, { project }: OnnxRuntimeRunnerOptions) {
    const path = resolveRuntime(packageName, project ?? process.cwd());
    this.name = name;
    this.#package = packageName;
    this.#serving = new ServingProcess(CHILD, [path, this.#isNative ? 'cpu' : 'wasm'], packageName);
    if (this.#isNative) this.fusedNodes = (model, signal) => this.#fusedNodes(model, signal);
  }

  /** WebAssembly writes neither profiles nor optimised models. */
  get #isNative(): boolean {
    return this.#package === 'onnxruntime-node';
  }

  async facts(signal?: AbortSignal): Promise<RunnerFacts> {
    const { version, time } = (await this.#request(
      { kind: 'facts' },
      { timeoutMs: START_MS, signal },
    )) as OnnxFacts;
    const processor = cpus()[0]?.model.trim();
    return {
      runtime: this.#package,
      ...(version !== undefined && { version }),
      ...(processor !== undefined && { processor }),
      threads: availableParallelism(),
      time,
    };
  }

  measure(model: RunnableModel, options: MeasureOptions): Promise<RunnerResult> {
    return withModelFile(this.#folder.path, model, this.format, async (file, folder) => {
      const { runs, warmups, threads, timeoutMs, signal } = options;
      const files =
        options.layers && this.#isNative
          ? { ...optimisedFiles(folder), profilePrefix: join(folder, 'profile') }
          : undefined;
      const result = (await this.#request(
        { kind: 'measure', file, runs, warmups, threads, ...(files && { files }) },
        { timeoutMs, signal },
      )) as RunnerResult;
      if (files === undefined) return result;
      const layers = await readLayers(model.graph, folder, files, options);
      return { ...result, layers: requireLayers(layers, result.ms) };
    });
  }

  async #fusedNodes(model: RunnableModel, signal?: AbortSignal): Promise<readonly FusedNode[]> {
    return withModelFile(this.#folder.path, model, this.format, async (file, folder) => {
      const files = optimisedFiles(folder);
      await this.#request({ kind: 'optimise', file, files }, { timeoutMs: OPTIMISE_MS, signal });
      const groups = await readGroups(model.graph, files);
      return groups.filter(({ nodes }) => nodes.length > 0).map(({ op, nodes }) => ({ op, nodes }));
    });
  }

  async close(): Promise<void> {
    await this.#serving.close();
    await this.#folder.discard();
  }

  #request(request: OnnxRequest, limits: RequestLimits): Promise<unknown> {
    return this.#serving.request(request, limits);
  }
}

function optimisedFiles(folder: string): OptimisedFiles {
  return { extended: join(folder, 'extended.onnx'), all: join(folder, 'all.onnx') };
}

async function readGroups(graph: Graph, files: OptimisedFiles): Promise<readonly OptimisedGroup[]> {
  const [extended, all] = await Promise.all([
    readOnnxFile(files.extended),
    readOnnxFile(files.all),
  ]);
  return groupOptimised(graph, extended.nodes, all.nodes);
}

async function readLayers(
  graph: Graph,
  folder: string,
  files: OptimisedFiles,
  options: MeasureOptions,
): Promise<readonly LayerTime[]> {
  const profile = (await readdir(folder)).find((name) => name.startsWith('profile'));
  if (profile === undefined) throw new NnMeterError('E_RUNNER', 'ONNX Runtime wrote no profile');
  const text = await readBoundedText(join(folder, profile), MAX_PROFILE_BYTES);
  const times = readProfile(text, options);
  const groups = await readGroups(graph, files);
  return groups.map(({ op, nodes, optimised }) => {
    let ms = 0;
    for (const name of optimised) {
      const time = times.get(name);
      if (time === undefined) {
        throw new NnMeterError('E_RUNNER', `the profile of ONNX Runtime lacks node ${quote(name)}`);
      }
      ms += time;
    }
    return { name: optimised.join(' '), op, ms, ...(nodes.length > 0 && { nodes }) };
  });
}

/** The path of a module as the project sees it, or as this package does. */
function resolveRuntime(name: RuntimePackage, project: string): string {
  for (const start of [pathToFileURL(join(project, 'package.json')), import.meta.url]) {
    try {
      return createRequire(start).resolve(name);
    } catch {}
  }
  // The install script of onnxruntime-node fetches libraries for GPUs, which are not needed.
  const install = `npm install ${name === 'onnxruntime-node' ? '--ignore-scripts ' : ''}${name}`;
  throw new NnMeterError('E_MISSING_PACKAGE', `${name} is not installed`, {
    hint: `run: ${install}`,
  });
}
