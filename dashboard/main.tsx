import { render } from 'preact';
import { App } from './app.tsx';
import { openServices, ServicesContext } from './services.tsx';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no #app');
render(
  <ServicesContext.Provider value={openServices(window)}>
    <App />
  </ServicesContext.Provider>,
  root,
);
