import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licences of packages of others, as they ask for to be shipped.
 * @param heading a sentence without its end, in front of the list
 * @param folders of the packages
 */
export function licenceTexts(heading, folders) {
  const texts = folders
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    }))
    .sort((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1))
    .map(({ folder, manifest }) => licenceText(folder, manifest));
  const line = `\n${'-'.repeat(80)}\n\n`;
  return `${heading}. Their licences:\n${line}${texts.join(line)}`;
}

function licenceText(folder, { name, version, license: licence, homepage, author }) {
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const holder = typeof author === 'string' ? author : author?.name;
  const text =
    file === undefined
      ? `Licensed under ${licence}${holder === undefined ? '' : ` by ${holder}`}; the package has no text of it.`
      : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${licence})${homepage === undefined ? '' : `\n${homepage}`}\n\n${text}\n`;
}
