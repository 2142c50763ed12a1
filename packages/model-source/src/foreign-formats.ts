import type { ModelSource } from './model-source.ts';

/** Something that is no model of a format read here, but known: what it is, and how to get what is read. */
export interface ForeignFormat {
  /** With its article: `a TorchScript archive (PyTorch)`. */
  readonly what: string;
  /** What to do, in the words of the format's users. */
  readonly advice: string;
}

interface Signature extends ForeignFormat {
  /** A regular expression that the first bytes match, one character a byte. */
  readonly head: string;
  /** Of zips: what the names of entries match, in the first or the last bytes. */
  readonly names?: string;
}

const EXPORT_PROGRAM =
  'in Python, with the module and an input that it takes: ' +
  'program = torch.export.export(model.eval(), (torch.randn(1, 3, 224, 224),)); ' +
  'torch.export.save(program, "model.pt2")';
const CONVERT_KERAS =
  'load it with keras.models.load_model and write it with model.export("folder"), which gives a SavedModel';
const ORIGINAL = 'it is made for one runtime; give the model that it was made from';
const WEIGHTS_ONLY = 'it holds weights and no network; export the network itself: ';

const ZIP = String.raw`^PK\x03\x04`;
const ZIP_HEAD_BYTES = 4;

/** The more special first. */
const SIGNATURES: readonly Signature[] = [
  {
    what: 'a TorchScript archive (PyTorch)',
    advice: `it does not state shapes; export the module that it was made from: ${EXPORT_PROGRAM}`,
    head: ZIP,
    names: `/code/__torch__`,
  },
  {
    what: 'a pickled module or state_dict (PyTorch)',
    advice: `pickles are programs and are not run here; ${EXPORT_PROGRAM}`,
    head: ZIP,
    names: String.raw`/data\.pkl`,
  },
  {
    what: 'a Keras model (.keras)',
    advice: CONVERT_KERAS,
    head: ZIP,
    names: String.raw`model\.weights\.h5`,
  },
  {
    what: 'a pickled module or state_dict (PyTorch before 1.6)',
    advice: `pickles are programs and are not run here; ${EXPORT_PROGRAM}`,
    head: String.raw`^\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9`,
  },
  {
    what: 'a Python pickle',
    advice: `pickles are programs and are not run here; if it is a PyTorch module: ${EXPORT_PROGRAM}`,
    head: String.raw`^\x80[\x02-\x05][\x8a\x95c}\](]`,
  },
  {
    what: 'an HDF5 file (Keras .h5, or weights)',
    advice: CONVERT_KERAS,
    head: String.raw`^\x89HDF\r\n`,
  },
  {
    what: 'safetensors',
    advice: `${WEIGHTS_ONLY}${EXPORT_PROGRAM}`,
    head: String.raw`^.{5}\0{3}\{\s*"`,
  },
  {
    what: 'GGUF weights of a language model',
    advice: `${WEIGHTS_ONLY}${EXPORT_PROGRAM}`,
    head: `^GGUF`,
  },
  { what: 'a TensorRT plan', advice: ORIGINAL, head: `^ptrt|^ftrt` },
  {
    what: 'an OpenVINO IR (.xml)',
    advice: 'give the model that it was converted from (ONNX, TensorFlow, PyTorch)',
    head: String.raw`^(\xef\xbb\xbf)?\s*(<\?xml[^>]*\?>\s*)?<net[\s>]`,
  },
  {
    what: 'a GraphDef or SavedModel as text (.pbtxt)',
    advice:
      'write it in binary: graph = google.protobuf.text_format.Parse(text, tf.compat.v1.GraphDef()); open("graph.pb", "wb").write(graph.SerializeToString())',
    head: String.raw`^\s*(#[^\n]*\n\s*)*(node\s*:?\s*\{\s*(name|op)\s*:|saved_model_schema_version\s*:|meta_graphs\s*\{)`,
  },
  {
    what: 'a Core ML package (.mlpackage)',
    advice: 'give the model that it was converted from (PyTorch, TensorFlow)',
    head: String.raw`^\s*\{\s*"fileFormatVersion"\s*:.*"itemInfoEntries"`,
  },
  {
    what: 'a Core ML model (.mlmodel)',
    advice: 'give the model that it was converted from (PyTorch, TensorFlow)',
    head: String.raw`^\x08[\x01-\x0f]\x12.{1,3}\x0a.{1,3}\x0a`,
  },
  {
    what: 'a Git LFS pointer',
    advice: 'fetch the real file with `git lfs pull`',
    head: `^version https://git-lfs`,
  },
  { what: 'a gzip file', advice: 'unpack it first', head: String.raw`^\x1f\x8b` },
  { what: 'a PNG image', advice: 'give a model', head: String.raw`^\x89PNG` },
  { what: 'a JPEG image', advice: 'give a model', head: String.raw`^\xff\xd8\xff` },
  { what: 'a GIF image', advice: 'give a model', head: `^GIF8` },
  { what: 'a PDF document', advice: 'give a model', head: `^%PDF` },
];

const CUT_OFF_ZIP: ForeignFormat = {
  what: 'a damaged zip, without the directory at its end',
  advice: 'export or download it again',
};
/** In the last bytes of every zip. */
const ZIP_END = 'PK\x05\x06';

/** Files that make a folder a model of a known kind that is not read; each is recognised by its own content. */
export const FOREIGN_FOLDER_FILES: readonly string[] = [
  // Of a Core ML package (.mlpackage).
  'Data/com.apple.CoreML/model.mlmodel',
];

/** How much of the end of a zip is looked at: its directory, or the end of it. */
const TAIL_BYTES = 64 * 2 ** 10;

/** What a file seems to be by its content, of what is known and not read; undefined if it is none of these. */
export async function foreignFormat(source: ModelSource): Promise<ForeignFormat | undefined> {
  const tail = await source.slice(Math.max(0, source.size - TAIL_BYTES), source.size);
  const known = foreignFormatOf(source.head, tail);
  if (known !== undefined || !isZip(source.head)) return known;
  return toText(tail).includes(ZIP_END) ? undefined : CUT_OFF_ZIP;
}

/** Whether a file is a zip, by its first bytes. */
export function isZip(head: Uint8Array): boolean {
  return new RegExp(ZIP).test(toText(head.subarray(0, ZIP_HEAD_BYTES)));
}

/** As {@link foreignFormat}, from the first bytes, and for zips the last. */
export function foreignFormatOf(
  head: Uint8Array,
  tail: Uint8Array = head,
): ForeignFormat | undefined {
  const first = toText(head);
  return SIGNATURES.find((signature) => {
    const { head: sign, names } = signature;
    if (!new RegExp(sign, 's').test(first)) return false;
    return names === undefined || new RegExp(names).test(first + toText(tail));
  });
}

/** One character a byte. */
function toText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
