import { expect, test } from '@jest/globals';
import { csvRow } from '@nnmeter/report';

test('cells are quoted where they have to be, and text never is a formula', () => {
  const cells = ['a,b', 'say "x"', 'two\nlines', '=1+1', -2.5, true, undefined, 'k3'];
  expect(csvRow(cells)).toBe(`"a,b","say ""x""","two\nlines",'=1+1,-2.5,true,,k3`);
});
