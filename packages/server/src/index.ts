export type { Answer, Call, Engine } from './call.ts';
export { createDispatch, type Dispatch } from './dispatcher.ts';
export type { KernelExplanation } from './explain-kernel.ts';
export type { Method, ModelParameters, Parameters } from './parameters.ts';
export { messageSchema } from './schema.ts';
export type { SampleScores, VersionedFile } from './score-samples.ts';
export { createService, type Service, type ServiceOptions } from './service.ts';
