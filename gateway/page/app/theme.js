/* theme: light, dark, or as the system says. */

const KEY = 'taskmaster-theme';
const CHOICES = ['system', 'light', 'dark'];

export class Theme {
    constructor(changed) {
        this.changed = changed;
        this.system = matchMedia('(prefers-color-scheme: dark)');
        this.choice = CHOICES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : 'system';
        this.system.addEventListener('change', () => this.apply());
        document.documentElement.dataset.theme = this.name;
    }

    get name() {
        if (this.choice !== 'system') return this.choice;
        return this.system.matches ? 'dark' : 'light';
    }

    apply() {
        document.documentElement.dataset.theme = this.name;
        this.changed();
    }

    choose(choice) {
        this.choice = choice;
        localStorage.setItem(KEY, choice);
        this.apply();
    }
}
