import type { HintWords } from '@nnmeter/report';

/** What to do, in the words of this page, which asks for shapes and signatures itself. */
export const WORDS: HintWords = {
  inputShapes: () => 'give its shape below',
  signatures: () => 'choose one below',
  types: () => 'give a file of one of these',
  versions: () => 'the page has the latest of each',
  download: () => 'the page does not have it; the command line does (npx @nnmeter/cli)',
};
