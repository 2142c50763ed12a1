import { render } from 'preact';
import 'virtual:report-views.css';
import './styles.css';
import { App } from './app.tsx';

render(<App />, document.getElementById('root')!);
