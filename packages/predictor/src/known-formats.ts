import type { FormatFacts } from '@nnmeter/model-source';
import knownFormats from './generated/known-formats.ts';

/** A format that a published package reads, which may not be installed. */
export interface KnownFormat extends Omit<FormatFacts, 'option'> {
  readonly package: string;
}

/** The formats of the published frontends: enough to name them, and to say what to install. */
export const KNOWN_FORMATS: readonly KnownFormat[] = knownFormats;
