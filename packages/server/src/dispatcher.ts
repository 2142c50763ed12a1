import { failureToJson } from '@nnmeter/report';
import { type Answer, type Call, type Engine, failed, success } from './call.ts';
import { requireMethod } from './parameters.ts';
import { messageSchema } from './schema.ts';

/** What transports hand requests to; never throws. */
export type Dispatch = (call: Call) => Promise<Answer>;

/**
 * Answers what concerns the server as a whole, at once, and hands the rest on.
 * @param version of the product, for `health`
 */
export function createDispatch(engine: Engine, version: string): Dispatch {
  const started = Date.now();
  return async (call) => {
    try {
      const method = requireMethod(call.method);
      if (method === 'schema') return success(messageSchema());
      if (method !== 'health') return await engine.answer(call);
      const uptimeSeconds = Math.round((Date.now() - started) / 1000);
      const { running, waiting } = engine;
      return success({ status: 'ok', version, uptimeSeconds, running, waiting });
    } catch (error) {
      return failed(failureToJson(error));
    }
  };
}
