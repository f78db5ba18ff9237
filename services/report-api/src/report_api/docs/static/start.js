// Shows the document. No validator: it would tell another site who reads this page.
"use strict";

const place = "#swagger-ui";
SwaggerUIBundle({ url: document.querySelector(place).dataset.document, dom_id: place, deepLinking: true, validatorUrl: null });
