/** What every page loads: the styles. */

import "../styles/site.css";
