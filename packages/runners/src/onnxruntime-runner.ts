import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readBoundedText } from '@nnmeter/files';
import { type Graph, NnMeterError } from '@nnmeter/ir';
import { startChild } from './child-process.ts';
import { ModelFolder } from './model-folder.ts';
import { readOnnxFile } from './onnx-file.ts';
import { fusionsOf, groupProfiled, layersOf, requireTold } from './onnx-layers.ts';
import type { OnnxFacts, OnnxRequest, OptimisedFiles } from './onnxruntime-child.ts';
import { groupOptimised, type OptimisedGroup } from './optimised-nodes.ts';
import { type ProfiledNode, readProfile } from './profile.ts';
import type {
  FusedNode,
  MeasureOptions,
  RunnableModel,
  Runner,
  RunnerFacts,
  RunnerResult,
} from './runner.ts';
import { requireLayers } from './samples.ts';
import { type RequestLimits, Serving } from './serving.ts';

const CHILD = fileURLToPath(new URL('./onnxruntime-child.js', import.meta.url));

/** Reading an optimised graph measures nothing, so nobody says how long it may take. */
const OPTIMISE_MS = 300_000;
const START_MS = 60_000;
/** What the name of its file begins with. */
const PROFILE = 'profile';
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
 * ONNX Runtime as WebAssembly, as browsers run it, by `onnxruntime-web` in Node: without the blocked layouts
 * that it has for processors alone; fusions are read from the names of nodes.
 * @throws NnMeterError E_MISSING_PACKAGE if that is not installed
 */
export function onnxRuntimeWebRunner(options: OnnxRuntimeRunnerOptions = {}): Runner {
  return new OnnxRuntimeRunner('onnxruntime-web', 'onnxruntime-web', options);
}

type RuntimePackage = 'onnxruntime-node' | 'onnxruntime-web';

class OnnxRuntimeRunner implements Runner {
  readonly name: string;
  readonly format = 'onnx';
  readonly #package: RuntimePackage;
  readonly #serving: Serving;
  readonly #folder: ModelFolder;

  constructor(name: string, packageName: RuntimePackage, { project }: OnnxRuntimeRunnerOptions) {
    const path = resolveRuntime(packageName, project ?? process.cwd());
    this.name = name;
    this.#package = packageName;
    this.#folder = new ModelFolder(this);
    const output = join(this.#folder.path, 'stdout');
    const provider = packageName === 'onnxruntime-node' ? 'cpu' : 'wasm';
    this.#serving = new Serving(packageName, () =>
      startChild(CHILD, [path, provider, output], output),
    );
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
    return this.#folder.withFile(model, async (file, folder) => {
      const { runs, warmups, threads, layers } = options;
      const request = { kind: 'measure', file, runs, warmups, threads } as const;
      if (!layers) return (await this.#request(request, options)) as RunnerResult;
      const told = this.#toldFiles(folder);
      const result = (await this.#request({ ...request, ...told }, options)) as RunnerResult;
      const nodes = readProfile(await readProfileFile(folder), options);
      const groups = await readGroups(model.graph, file, told.optimised, nodes);
      return { ...result, layers: requireLayers(layersOf(groups, nodes), result.ms) };
    });
  }

  fusedNodes(model: RunnableModel, signal?: AbortSignal): Promise<readonly FusedNode[]> {
    return this.#folder.withFile(model, async (file, folder) => {
      const limits = { timeoutMs: OPTIMISE_MS, signal };
      const { optimised, profilePrefix } = this.#toldFiles(folder);
      let nodes: readonly ProfiledNode[] = [];
      if (optimised !== undefined) {
        await this.#request({ kind: 'optimise', file, optimised }, limits);
      } else {
        const once = { runs: 1, warmups: 0, threads: 1 };
        await this.#request({ kind: 'measure', file, ...once, profilePrefix }, limits);
        nodes = readProfile(await readProfileFile(folder), once);
      }
      const groups = await readGroups(model.graph, file, optimised, nodes);
      return fusionsOf(optimised === undefined ? requireTold(groups) : groups);
    });
  }

  /** Files in which a session tells of itself; WebAssembly writes no optimised models. */
  #toldFiles(folder: string): {
    readonly profilePrefix: string;
    readonly optimised?: OptimisedFiles;
  } {
    const profilePrefix = join(folder, PROFILE);
    if (this.#package === 'onnxruntime-web') return { profilePrefix };
    const optimised = { extended: join(folder, 'extended.onnx'), all: join(folder, 'all.onnx') };
    return { profilePrefix, optimised };
  }

  async close(): Promise<void> {
    this.#folder.close();
    await this.#serving.close();
    await this.#folder.discard();
  }

  #request(request: OnnxRequest, limits: RequestLimits): Promise<unknown> {
    return this.#serving.request(request, limits);
  }
}

/** What the optimised models say is fused; without them, what the names of the nodes that ran say. */
async function readGroups(
  graph: Graph,
  file: string,
  optimised: OptimisedFiles | undefined,
  profiled: readonly ProfiledNode[],
): Promise<readonly OptimisedGroup[]> {
  if (optimised === undefined) return groupProfiled(graph, file, profiled);
  const [extended, all] = [
    await readOnnxFile(optimised.extended),
    await readOnnxFile(optimised.all),
  ];
  return groupOptimised(graph, extended.nodes, all.nodes);
}

async function readProfileFile(folder: string): Promise<string> {
  const profile = (await readdir(folder)).find((name) => name.startsWith(PROFILE));
  if (profile === undefined) throw new NnMeterError('E_RUNNER', 'ONNX Runtime wrote no profile');
  return readBoundedText(join(folder, profile), MAX_PROFILE_BYTES);
}

/**
 * The path of a module as the project sees it, or as this package does.
 * @throws NnMeterError E_MISSING_PACKAGE
 */
export function resolveRuntime(name: RuntimePackage, project: string): string {
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
