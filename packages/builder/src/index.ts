export { type PlanOptions, planHash, planModels } from './plan.ts';
export type { PlannedModel } from './planned-model.ts';
