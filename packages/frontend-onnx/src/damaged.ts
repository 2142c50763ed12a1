import { NnMeterError } from '@nnmeter/ir';

/** What reading a message failed with, as an error about the file. @param place where it failed, in words */
export function damaged(cause: unknown, place: string): NnMeterError {
  if (cause instanceof NnMeterError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (reason === 'max depth exceeded') {
    return new NnMeterError(
      'E_LIMIT',
      'the ONNX file nests graphs in graphs more than 30 deep; no real network does, so reading it stops here',
      { cause },
    );
  }
  return new NnMeterError(
    'E_INVALID_INPUT',
    `the ONNX file is damaged or cut off ${place}: ${reason}`,
    { hint: 'export or download it again', cause },
  );
}
