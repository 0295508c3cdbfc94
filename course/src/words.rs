//! The words of the runner, in English and in Chinese.

/// The runner's sentences in a language.
pub(crate) struct Words {
    /// The language, as the folders of the book are named.
    pub(crate) language: &'static str,
    /// The exercise's number, how many there are, the chapter's number and its title.
    pub(crate) exercise: fn(usize, usize, usize, &str) -> String,
    pub(crate) read: &'static str,
    pub(crate) edit: &'static str,
    pub(crate) keys: &'static str,
    pub(crate) right: &'static str,
    pub(crate) solution: &'static str,
    pub(crate) not_yet: &'static str,
    pub(crate) no_more_hints: &'static str,
    pub(crate) all_done: &'static str,
}

pub(crate) const ENGLISH: Words = Words {
    language: "en",
    exercise: |place, of, number, title| {
        format!("Exercise {place} of {of}. Chapter {number}: {title}.")
    },
    read: "To read before: ",
    edit: "Put your code in place of todo!() in ",
    keys: "Save it, and it is checked. h: hint, s: skip, r: reset, l: list, q: quit (and Enter)",
    right: "Right. ",
    solution: "A solution:",
    not_yet: "Not yet: ",
    no_more_hints: "There are no more hints.",
    all_done: "All exercises are done.",
};

pub(crate) const CHINESE: Words = Words {
    language: "zh",
    exercise: |place, of, number, title| {
        format!("练习 {place}，共 {of} 个。第 {number} 章：{title}。")
    },
    read: "先读：",
    edit: "把 todo!() 换成自己的代码，文件是 ",
    keys: "保存即检查。h：提示，s：跳过，r：恢复，l：列表，q：退出（再按回车）",
    right: "正确。",
    solution: "参考解答：",
    not_yet: "还不对：",
    no_more_hints: "没有更多提示了。",
    all_done: "所有练习都完成了。",
};
