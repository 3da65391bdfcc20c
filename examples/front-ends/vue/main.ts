import { createApp } from 'vue';
import { createClient } from 'symbolon';
import App from './App.vue';
import { symbolon } from './symbolon';

createApp(App).use(symbolon(createClient())).mount('#app');
