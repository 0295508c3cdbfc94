//! The words of the pictures in Chinese.

/// Whole texts, as they stand in a picture.
const TEXTS: &[(&str, &str)] = &[
    ("a tape of 3 lines", "三行的磁带"),
    ("parameter", "参数"),
    ("op", "运算"),
    ("The loss of one error", "一个误差的损失"),
    ("Its slope: how hard a sample pulls", "斜率：一个样本拉得多用力"),
    ("error", "误差"),
    ("loss", "损失"),
    ("slope", "斜率"),
    ("squared", "平方损失"),
    ("absolute", "绝对值损失"),
    ("Huber, δ = 1", "Huber，δ = 1"),
    ("The loss of a score", "一个分数的损失"),
    ("Its slope along the score", "对分数的斜率"),
    ("score of the right class, above the other", "正确类的分数高出另一类多少"),
    ("cross-entropy, -ln p", "交叉熵 -ln p"),
    ("squared, (1 - p)²", "平方 (1 - p)²"),
    ("(x² + 20·y²)/2, sixty steps", "(x² + 20·y²)/2，六十步"),
    ("A thousand steps in Rosenbrock's valley", "Rosenbrock 山谷中的一千步"),
    ("gradient descent", "梯度下降"),
    ("momentum", "动量"),
    ("RMSprop", "RMSprop"),
    ("Adam", "Adam"),
    ("lowest", "最低点"),
    ("The slope of eˣ at 1, by differences", "用差分求 eˣ 在 1 处的斜率"),
    ("step h", "步长 h"),
    ("relative error", "相对误差"),
    ("one side", "单侧"),
    ("both sides", "双侧"),
    ("both, f32", "双侧，f32"),
    ("One net, three learning rates", "同一个网络，三种学习率"),
    ("step", "步数"),
    ("training loss", "训练损失"),
    ("The gradient on its way back", "回传途中的梯度"),
    ("layer", "层"),
    ("root mean square of the gradient", "梯度的均方根"),
    ("relu", "relu"),
    ("sigmoid", "sigmoid"),
    ("Across the valley, and its parabola", "横穿山谷，以及它的抛物线"),
    ("distance from (1, 1) along x", "沿 x 方向到 (1, 1) 的距离"),
    ("height", "高度"),
    ("valley", "山谷"),
    ("(1 - uv)²: a saddle at (0, 0)", "(1 - uv)²：鞍点在 (0, 0)"),
    ("descent", "梯度下降"),
    ("descent, past it", "梯度下降，路过鞍点"),
    ("Newton", "牛顿法"),
    ("saddle", "鞍点"),
    ("Three kernels on one digit", "三个卷积核看同一个数字"),
    ("input", "输入"),
    ("to", "到"),
    ("from", "从"),
    ("Causal attention: each row adds up to 1", "因果注意力：每行之和为 1"),
    ("mean of 3 × 3", "3 × 3 的均值"),
    ("|below - above|", "|下 - 上|"),
    ("|right - left|", "|右 - 左|"),
];

/// Parts of texts with numbers.
const PARTS: &[(&str, &str)] = &[
    (", gradient ", "，梯度 "),
    ("least ", "最小 "),
    ("most ", "最大 "),
    ("pale ", "浅色 "),
    (", deep ", "，深色 "),
];

/// A picture with its texts in Chinese.
///
/// # Errors
/// If a text has words without a translation.
pub(crate) fn chinese(svg: &str) -> Result<String, String> {
    let mut lines = Vec::new();
    for line in svg.lines() {
        let text = line.strip_suffix("</text>").and_then(|rest| rest.split_once('>'));
        lines.push(match text {
            Some((tag, text)) => format!("{tag}>{}</text>", translated(text)?),
            None => line.to_string(),
        });
    }
    Ok(lines.join("\n") + "\n")
}

fn translated(text: &str) -> Result<String, String> {
    if let Some((_, to)) = TEXTS.iter().find(|(from, _)| *from == text) {
        return Ok((*to).to_string());
    }
    let done = PARTS.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to));
    let untranslated = done.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > 2);
    if untranslated { Err(format!("no Chinese for `{text}`")) } else { Ok(done) }
}
