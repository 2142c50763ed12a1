declare module 'ml-cart' {
  export class DecisionTreeRegression {
    constructor(options: { minNumSamples: number; maxDepth?: number });
    static load(model: unknown): DecisionTreeRegression;
    train(rows: number[][], target: number[]): void;
    predict(rows: number[][]): number[];
    toJSON(): import('@nnmeter/forest').MlCartTree;
  }
}
