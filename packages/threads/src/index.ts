export { BatchPool } from './batch-pool.ts';
export { BoundedPool, type PoolLimits } from './bounded-pool.ts';
export { serveTasks, WorkerThread } from './worker-thread.ts';
