// Shows the document. No validator: it would tell another site who reads this page.
"use strict";

SwaggerUIBundle({ url: "../openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
