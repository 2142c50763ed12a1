import { expect, test } from '@jest/globals';
import { buildInvented, newJournal, readJournal } from './support/build.ts';

test('a build', async () => {
  const journal = newJournal();
  const t = Date.now(); const c=process.cpuUsage();
  const built = await buildInvented(journal,{models:20});
  console.log(Date.now() - t, process.cpuUsage(c).user/1e6, built.check.accuracy, built.check.nearest?.accuracy, readJournal(journal).length, built.notes);
  expect(1).toBe(1);
},300000);
