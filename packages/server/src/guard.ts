import { createHash, timingSafeEqual } from 'node:crypto';
import { NnMeterError } from '@nnmeter/ir';

/** Whether a host is this machine and can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Why a request may not be answered. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: NnMeterError;
}

/**
 * With a token: whoever has it may ask. Without one, programs of this machine may, but no web page in a browser on it: a
 * page of another origin, or one whose name was made to lead here (DNS rebinding), is told by its headers.
 */
export function refusalOf(request: Request, token: string | undefined): Refusal | undefined {
  const { headers } = request;
  if (token !== undefined) {
    const [, given = ''] = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '') ?? [];
    if (timingSafeEqual(digest(given), digest(token))) return undefined;
    const hint = 'send the header "authorization: Bearer TOKEN"';
    return {
      status: 401,
      error: new NnMeterError('E_USAGE', 'the token is missing or wrong', { hint }),
    };
  }
  const origin = headers.get('origin');
  const hosts = [new URL(request.url).hostname, ...(origin === null ? [] : [hostOf(origin)])];
  if (hosts.every(isLoopback)) return undefined;
  const hint = 'send requests to localhost, or start the server with a token';
  const problem = 'this is no request of a program on this machine';
  return { status: 403, error: new NnMeterError('E_USAGE', problem, { hint }) };
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : '';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
