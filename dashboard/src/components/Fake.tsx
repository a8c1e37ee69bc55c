import styles from "./Fake.module.css";

/** What a fake agent does is never shown without this mark. */
export function Fake() {
  return (
    <span className={styles.fake} data-field="fake" title="A fake agent: no model is asked">
      FAKE
    </span>
  );
}
