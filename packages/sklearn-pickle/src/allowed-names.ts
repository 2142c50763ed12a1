/** What the forests themselves consist of, by class, from scikit-learn 0.19 on and from NumPy 1.x and 2.x. */
const CORE = new Set([
  'sklearn.ensemble.forest.RandomForestRegressor',
  'sklearn.ensemble._forest.RandomForestRegressor',
  'sklearn.tree.tree.DecisionTreeRegressor',
  'sklearn.tree._classes.DecisionTreeRegressor',
  'sklearn.tree._tree.Tree',
  'sklearn.grid_search.GridSearchCV',
  'sklearn.grid_search.RandomizedSearchCV',
  'sklearn.model_selection._search.GridSearchCV',
  'sklearn.model_selection._search.RandomizedSearchCV',
  'numpy.dtype',
  'numpy.ndarray',
  'numpy.core.multiarray._reconstruct',
  'numpy.core.multiarray.scalar',
  'numpy.core.numeric._frombuffer',
  'numpy._core.multiarray._reconstruct',
  'numpy._core.multiarray.scalar',
  'numpy._core.numeric._frombuffer',
  '_codecs.encode',
]);

/** What a search or a random state drags along. It is parsed and never looked at. */
const BYSTANDERS = new Set([
  'builtins.getattr',
  'builtins.object',
  'builtins.set',
  'builtins.slice',
  '__builtin__.getattr',
  '__builtin__.object',
  '__builtin__.set',
  'collections.OrderedDict',
  'collections.defaultdict',
  'copy_reg._reconstructor',
  'copyreg._reconstructor',
  'numpy.vectorize',
]);
const BYSTANDER_MODULES =
  /^(sklearn\.(metrics|model_selection|cross_validation|utils\._metadata_requests|utils\._bunch)|scipy\.stats|numpy\.ma|numpy\.random)(\.|$)/;

/** Why a pickled forest may not refer to this class or function; undefined if it may. None is ever imported or called. */
export function refusalOf(module: string, name: string): string | undefined {
  const path = `${module}.${name}`;
  if (CORE.has(path) || BYSTANDERS.has(path) || BYSTANDER_MODULES.test(module)) return undefined;
  if (name === 'NumpyArrayWrapper') {
    return 'it was written by joblib.dump; write the model with pickle.dump(model, file, protocol=4)';
  }
  return `it refers to ${printable(path)}, which is no part of a scikit-learn regression forest; nothing was executed`;
}

function printable(name: string): string {
  const visible = name.replace(/[^\x20-\x7e]/g, '?');
  return visible.length > 120 ? `${visible.slice(0, 120)}...` : visible;
}
