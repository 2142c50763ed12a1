import { ReportView, type Viewed } from './report-view.tsx';
import { SearchView, type ViewedSearch } from './search-view.tsx';
import { Prerendered } from './sortable-table.tsx';

/** A view that the script of a page makes live, and its data. */
export type LiveView =
  | { readonly view: 'report'; readonly props: Viewed }
  | { readonly view: 'search'; readonly props: ViewedSearch };

/** The same on the page that is written and in its script. */
export function LiveContent(live: LiveView) {
  return (
    <Prerendered.Provider value={true}>
      {live.view === 'report' ? <ReportView {...live.props} /> : <SearchView {...live.props} />}
    </Prerendered.Provider>
  );
}
