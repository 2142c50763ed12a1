import { type Forest, forestFromTrees, type TreeNodes } from '@nnmeter/forest';
import { refusalOf } from './allowed-names.ts';
import { malformed, unsupported } from './errors.ts';
import { readField, readFirstAxis, toArray, toCount } from './ndarray.ts';
import { readPickle } from './pickle-machine.ts';
import { PickleObject, type PickleValue } from './values.ts';

export interface SklearnForest {
  /** float64, so that predictions equal scikit-learn's bit for bit. NaN inputs are not supported. */
  forest: Forest;
  /** Class of the pickled object, e.g. `RandomizedSearchCV`. */
  estimator: string;
  /** Version of scikit-learn that wrote the pickle, if it says. */
  sklearnVersion: string | undefined;
}

/** A pickled node takes 64 bytes or more; fewer on average means that trees are shared to exhaust memory. */
const MIN_BYTES_PER_NODE = 50;

/**
 * Reads a RandomForestRegressor or DecisionTreeRegressor (scikit-learn 0.19 to 1.7), also inside a fitted
 * RandomizedSearchCV or GridSearchCV, from a pickle of protocol 2 to 5. Nothing in the pickle is executed.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT naming what is not a forest, E_WEIGHTS if the pickle is malformed
 */
export function readSklearnForest(bytes: Uint8Array): SklearnForest {
  const top = readPickle(bytes, refusalOf);
  const estimator = className(top);
  let model = top;
  if (estimator === 'RandomizedSearchCV' || estimator === 'GridSearchCV') {
    model = stateOf(top).get('best_estimator_') ?? null;
    if (model === null) throw unsupported(`its ${estimator} was fitted without refit`);
  }
  const state = stateOf(model);
  const trees = treesOf(model, state);
  const featureCount = toCount(trees[0]?.args[0], 'number of features');
  const maxNodes = bytes.length / MIN_BYTES_PER_NODE;
  let nodes = 0;
  const read = trees.map((tree, index) => {
    const count = toCount(stateOf(tree).get('node_count'), `node_count of tree ${index}`);
    if (count === 0) throw malformed(`tree ${index} has no nodes`);
    nodes += count;
    if (nodes > maxNodes) throw malformed(`${nodes} nodes in a file of ${bytes.length} bytes`);
    return readTree(tree, `tree ${index}`, featureCount);
  });
  const version = state.get('_sklearn_version');
  return {
    forest: forestFromTrees(read, { featureCount, aggregation: 'mean' }),
    estimator,
    sklearnVersion: typeof version === 'string' ? version : undefined,
  };
}

/** The Tree objects of a forest or of a single tree. */
function treesOf(model: PickleValue, state: Map<PickleValue, PickleValue>): PickleObject[] {
  const name = className(model);
  if (name !== 'RandomForestRegressor' && name !== 'DecisionTreeRegressor') {
    throw unsupported(`it holds ${name}, not a RandomForestRegressor or DecisionTreeRegressor`);
  }
  const estimators = name === 'DecisionTreeRegressor' ? [model] : state.get('estimators_');
  if (!Array.isArray(estimators) || estimators.length === 0) {
    throw unsupported(`its ${name} was not fitted`);
  }
  return estimators.map((estimator) => {
    const tree = stateOf(estimator).get('tree_');
    if (className(tree) !== 'Tree') throw unsupported(`its ${name} was not fitted`);
    return tree as PickleObject;
  });
}

function readTree(tree: PickleObject, what: string, featureCount: number): TreeNodes {
  if (toCount(tree.args[0], `number of features of ${what}`) !== featureCount) {
    throw malformed(`${what} has another number of features than tree 0`);
  }
  const outputs = toCount(tree.args[2], `number of outputs of ${what}`);
  if (outputs !== 1) throw unsupported(`${what} has ${outputs} outputs; forests of one are read`);
  const state = stateOf(tree);
  const count = toCount(state.get('node_count'), `node_count of ${what}`);
  const nodes = toArray(state.get('nodes'), `the nodes of ${what}`);
  const values = toArray(state.get('values'), `the values of ${what}`);
  if (nodes.shape[0] !== count || values.shape[0] !== count) {
    throw malformed(`${what} declares ${count} nodes, its arrays differ`);
  }
  return {
    left: readField(nodes, 'left_child', what),
    right: readField(nodes, 'right_child', what),
    feature: readField(nodes, 'feature', what),
    threshold: readField(nodes, 'threshold', what),
    value: readFirstAxis(values, `the values of ${what}`),
  };
}

function stateOf(value: PickleValue | undefined): Map<PickleValue, PickleValue> {
  if (value instanceof PickleObject && value.state instanceof Map) return value.state;
  throw unsupported(`it holds ${className(value)}, which has no attributes`);
}

function className(value: PickleValue | undefined): string {
  return value instanceof PickleObject ? value.callable.name : 'a plain value';
}
