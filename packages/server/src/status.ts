/** The HTTP status of each error that is not simply a model that cannot be predicted. */
const STATUSES: Readonly<Record<string, 400 | 404 | 500 | 503 | 504>> = {
  E_USAGE: 400,
  E_FILE: 404,
  E_UNKNOWN_PREDICTOR: 404,
  E_UNKNOWN_MODEL: 404,
  E_INTERNAL: 500,
  E_BUSY: 503,
  E_TIMEOUT: 504,
};

export function statusOf(code: string): 400 | 404 | 422 | 500 | 503 | 504 {
  return STATUSES[code] ?? 422;
}
