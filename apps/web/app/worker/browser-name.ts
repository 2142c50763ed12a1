interface BrowserFacts {
  readonly userAgent: string;
  /** Of Chromium and what is made of it. */
  readonly userAgentData?: {
    readonly brands: readonly { readonly brand: string; readonly version: string }[];
    readonly platform: string;
  };
}

const ENGINE = 'Chromium';
/** Made up, so that nobody relies on the list. */
const INVENTED = /not.*brand/i;

/** The browser and its system, as it calls itself: `Firefox 140, Android`. */
export function browserName({ userAgent, userAgentData }: BrowserFacts): string {
  if (userAgentData !== undefined) {
    const brands = userAgentData.brands.filter(({ brand }) => !INVENTED.test(brand));
    const own = brands.find(({ brand }) => brand !== ENGINE) ?? brands[0];
    if (own !== undefined) return `${own.brand} ${own.version}, ${userAgentData.platform}`;
  }
  const [, product, version] =
    /(Firefox|Chrome)\/(\d+)/.exec(userAgent) ?? (/(Version)\/(\d+).*Safari/.exec(userAgent) || []);
  const [, system = 'unknown system'] =
    /(Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux)/.exec(userAgent) ?? [];
  const name = product === 'Version' ? 'Safari' : (product ?? 'browser');
  return `${[name, version].filter(Boolean).join(' ')}, ${system}`;
}
