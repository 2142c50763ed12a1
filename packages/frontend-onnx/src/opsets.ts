import { type OperatorSetIdProto, toNumber } from './model.ts';

/** Opset version by domain; the standard domain is ''. */
export type Opsets = ReadonlyMap<string, number>;

/** `ai.onnx` is the standard domain written out. */
export function normalizeDomain(domain: string | null | undefined): string {
  return domain == null || domain === 'ai.onnx' ? '' : domain;
}

export function readOpsets(imports: readonly OperatorSetIdProto[] | null | undefined): Opsets {
  return new Map(
    (imports ?? []).map(({ domain, version }) => [normalizeDomain(domain), toNumber(version)]),
  );
}
