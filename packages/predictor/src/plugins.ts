import { type DiscoveredPackage, discoverPackages } from './discover-packages.ts';
import { KNOWN_FORMATS } from './known-formats.ts';
import { KNOWN_PREDICTORS } from './known-predictors.ts';

/** By what packages are found: what they bring. */
type Keyword = 'nnmeter-frontend' | 'nnmeter-predictor' | 'nnmeter-predictor-source';

/** The installed packages that bring frontends, predictors or sources of predictors. */
export async function installedPlugins(keyword: Keyword): Promise<readonly DiscoveredPackage[]> {
  const published = [...KNOWN_FORMATS, ...KNOWN_PREDICTORS].map((known) => known.package);
  const found = await discoverPackages(published);
  return found.filter(({ keywords }) => keywords.includes(keyword));
}
