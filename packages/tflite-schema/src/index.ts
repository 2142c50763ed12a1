export * from './operators.ts';
export * from './options.ts';
export * from './schema.ts';
