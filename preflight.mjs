console.log('preflight placeholder');
