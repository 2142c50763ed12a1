/** The style sheet of @nnmeter/report/views; vite.config.ts has it. */
declare module 'virtual:report-views.css';
