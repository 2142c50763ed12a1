// Writes docs/tensorflow-ops.md: what is known of every op of TensorFlow's registry. Names come from a file, one a line,
// or else from the document itself. `--check` only says whether the document is out of date (exit code 1).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { supportedTensorFlowOps } from '@nnmeter/frontend-tf';

const PATH = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/tensorflow-ops.md');

/** What ops without a rule are for, by their names; the first that fits. */
const CATEGORIES = [
  [
    'training',
    /Grad|Apply|Backprop|Optimizer|Accumulator|Candidate|^NegTrain|^Skipgram|CTCLoss|^Sdca|SelectAndScatter|^ScatterN?d?|^ResourceScatter|StridedSliceAssign|StridedSliceUpdate|^Inplace|CountUpTo|AccumulateN|^Assign|Checkpoint|^Save|^Restore|Summary|^Fake(Param|Queue)|LoadAndRemap|GenerateVocab|ComputeAccidental|SampleDistorted/,
  ],
  [
    'TPU, XLA and several machines',
    /TPU|Tpu|Xla|Collective|Nccl|DTensor|^Relayout|Mesh|AllToAll|AllReduce|CrossReplica|Rpc|Infeed|Outfeed|Prelinearize|Minibatch|Embedding|Dedup|SparseCore|^_?(Host)?(Send|Recv)|Worker|ConfigureDistributed|GlobalIterId|Session|Coo/,
  ],
  [
    'data sets, queues and input files',
    /Dataset|Iterator|Queue|Reader|TFRecord|Decode|Encode|Parse|^ReadFile|^WriteFile|MatchingFiles|^Stage|^Unstage|^(Ordered)?Map|Barrier|RecordInput|^Batch$|^Unbatch$|Optional|Memory(Cache)|SeedGenerator|Compress|Element$|Stats|RandomIndexShuffle|^DataFormat|Lmdb|SerializeTensor|Options$|RewriteDataset/,
  ],
  [
    'random numbers',
    /Random|Stateful|Stateless|Rng|Multinomial|Parameterized|NonDeterministic|Sobol|Dummy/,
  ],
  ['boosted trees and clustering', /Boosted|Kmeans|KMC2|NearestNeighbors/],
  [
    'quantized and fused kernels of TensorFlow itself',
    /Quantiz|Requantiz|^_?Mkl|^_(Mkl|Fused|Unary|Xla|If|While|Arg|Retval|Array|List|Device|Host|Scoped|Var|Read|Switch|Disconnect|Initialize|Parallel|Shutdown|Wait|Weighted|Set|Update|Nccl|Eager|Tensor)/,
  ],
  ['sparse and ragged tensors', /Sparse|Ragged|CSR|SetOperation|SetSize/],
  [
    'matrix decompositions of TensorFlow 1',
    /^Batch(Matrix|Cholesky|Svd|Self|FFT|IFFT|Norm)|Tridiagonal|Matrix|^Lu$/,
  ],
  [
    'tables, text and variables',
    /Table|String|Unicode|Variable|Resource|Handle|Regex|VocabRemap|EditDistance/,
  ],
  [
    "TensorFlow's own tests",
    /^Risc|Polymorphic|Attr|^N?In|^N?Out|^(Int|Float|Two|Five|Foo|Ref|List|Mixed|Simple|Type|Test|Old|None|Unary|Binary|Restrict|Reserved|Requires|Kernel|Default|Op|Func|A$|B$|Construction|Device|Complex|Graph|Stub|Int64|NInts|Copy|Dtype|Namespace|Sleep)/,
  ],
];

const TITLES = {
  costed: ['Costed', 'Shapes and cost are known.'],
  free: [
    'Free',
    'They vanish when a graph is read, rename axes, handle text, or only train, check and save.',
  ],
  shapes: [
    'Shapes only',
    'The shapes of their results are known, unless they depend on data; their cost is not, and reports say so.',
  ],
};

const source = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
const before = source === undefined ? readFileSync(PATH, 'utf8') : '';
const blocks = [...before.matchAll(/^```text\n([^`]*)```$/gm)].map(([, names]) => names);
const names = (source === undefined ? blocks.join(' ') : readFileSync(source, 'utf8')).split(/\s+/);
const ops = [...new Set(names)].filter((name) => name !== '').sort();

const support = supportedTensorFlowOps();
const categoryOf = (op) => CATEGORIES.find(([, pattern]) => pattern.test(op))?.[0] ?? 'others';
const withStatus = (status) => ops.filter((op) => support.get(op) === status);
const unknown = ops.filter((op) => !support.has(op));
const categories = [...CATEGORIES.map(([category]) => category), 'others']
  .map((category) => [category, unknown.filter((op) => categoryOf(op) === category)])
  .filter(([, members]) => members.length > 0);

/** Names in lines of at most 120 characters. */
function block(members) {
  const lines = [''];
  for (const name of members) {
    const line = `${lines.at(-1)} ${name}`.trim();
    if (line.length > 120) lines.push(name);
    else lines[lines.length - 1] = line;
  }
  return ['```text', ...lines, '```'].join('\n');
}

const text = `# TensorFlow's ops

Written by \`node scripts/write-tensorflow-ops.mjs [NAMES]\`: what [@nnmeter/frontend-tf](../packages/frontend-tf/README.md)
knows of all ${ops.length.toLocaleString('en')} ops that TensorFlow 2.21 registers. NAMES is a file of names, as this prints:

\`\`\`python
from tensorflow.core.framework.op_def_pb2 import OpList
from tensorflow.python.client.pywrap_tf_session import TF_GetAllOpList, TF_GetBuffer

print(*(op.name for op in OpList.FromString(TF_GetBuffer(TF_GetAllOpList())).op), sep="\\n")
\`\`\`

A model with an op of which nothing is known is read all the same: the shapes of its results are unknown, the report says
so, and the rest is predicted.

| | ops |
|---|--:|
${Object.entries(TITLES)
  .map(([status, [title]]) => `| ${title.toLowerCase()} | ${withStatus(status).length} |`)
  .join('\n')}
| unknown | ${unknown.length} |
${categories.map(([category, members]) => `| unknown: ${category} | ${members.length} |`).join('\n')}

${Object.entries(TITLES)
  .map(([status, [title, what]]) => `## ${title}\n\n${what}\n\n${block(withStatus(status))}`)
  .join('\n\n')}

## Unknown

${categories.map(([category, members]) => `### ${category[0].toUpperCase()}${category.slice(1)}\n\n${block(members)}`).join('\n\n')}
`;

if (process.argv.includes('--check')) {
  if (text !== before) {
    console.error(
      'docs/tensorflow-ops.md is out of date; run node scripts/write-tensorflow-ops.mjs',
    );
    process.exit(1);
  }
} else writeFileSync(PATH, text);
