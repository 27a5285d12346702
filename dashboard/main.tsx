import { render } from 'preact';
import { App, preloadPage } from './app.tsx';
import { openServices, ServicesContext } from './services.tsx';

// On its way while everything else is made.
preloadPage(location.pathname);
const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no #app');
render(
  <ServicesContext.Provider value={openServices(window)}>
    <App />
  </ServicesContext.Provider>,
  root,
);
