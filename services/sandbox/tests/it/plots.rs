//! Figures become files.

use crate::support::Room;
use common::execution::RunStatus;

async fn names(room: &Room, code: &str) -> Vec<String> {
    let result = room.run(&format!("import matplotlib.pyplot as plt\n{code}")).await;
    assert_eq!(result.status, RunStatus::Ok, "{code}: {}", result.stderr);
    assert_eq!(result.stderr, "", "{code}");
    result.outputs.into_iter().map(|output| output.name).collect()
}

/// Protects plots: shown or left open they are delivered once, saved ones are not delivered twice.
#[tokio::test]
async fn figures_are_delivered_once() {
    let room = Room::new().await;
    let table: [(&str, &[&str]); 4] = [
        (
            "plt.plot([1]); plt.show(); plt.plot([2]); plt.show(); plt.plot([3])",
            &[
                "figure_1.figure.json",
                "figure_1.png",
                "figure_2.figure.json",
                "figure_2.png",
                "figure_3.figure.json",
                "figure_3.png",
            ],
        ),
        (
            "plt.plot([1, 2]); plt.savefig('/box/out/mine.png'); plt.show(); plt.plot([1]); plt.savefig('other.pdf')",
            &["mine.figure.json", "mine.png", "other.figure.json", "other.pdf"],
        ),
        (
            "import io; plt.plot([1]); plt.savefig(io.BytesIO()); plt.figure(); plt.plot([2])",
            &["figure_1.figure.json", "figure_1.png", "figure_2.figure.json", "figure_2.png"],
        ),
        ("plt.plot([1]); plt.close(); plt.figure()", &[]),
    ];
    for (code, expected) in table {
        assert_eq!(names(&room, code).await, expected, "{code}");
    }
}

/// Protects plots against common slips: saving after showing gives the figure, and a failing script still
/// delivers what it drew.
#[tokio::test]
async fn slips_do_not_lose_figures() {
    let room = Room::new().await;
    let execution = room
        .execute(crate::support::request(
            "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.savefig('late.png')",
        ))
        .await;
    let pictures: Vec<_> = execution.contents.iter().filter(|content| content.starts_with(b"\x89PNG")).collect();
    assert_eq!(pictures.len(), 2);
    assert_eq!(pictures[0], pictures[1]);
    let failed = room.run("import matplotlib.pyplot as plt\nplt.plot([1])\n1/0").await;
    assert_eq!((failed.status, failed.outputs.len()), (RunStatus::Error, 2));
}

/// Protects start-up time: plain code never pays for matplotlib.
#[tokio::test]
async fn plain_code_loads_nothing() {
    let room = Room::new().await;
    let heavy = "import sys; print([m for m in sys.modules if m.split('.')[0] in ('matplotlib', 'numpy', 'pandas', 'ctypes', 'socket')])";
    assert_eq!(room.print(heavy).await, "[]\n");
}

/// Protects promises made to models: every library they are told of is there and works.
#[tokio::test]
async fn libraries_work() {
    let room = Room::new().await;
    let code = "import numpy as np, pandas as pd, scipy.ndimage, skimage.measure, cv2, PIL.Image, openpyxl, seaborn
pd.DataFrame({'a': [1]}).to_excel('/box/out/t.xlsx')
a = np.zeros((50, 50), np.uint8); cv2.circle(a, (25, 25), 9, 255, -1)
print(scipy.ndimage.label(a)[1], skimage.measure.label(a).max(), float(np.linalg.det(np.eye(300))))";
    let result = room.run(code).await;
    assert_eq!(result.stdout, "1 1 1.0\n", "{}", result.stderr);
    assert_eq!(result.outputs[0].media_type, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

/// Protects programs that read figures: the data of a figure has a type of its own and holds what was drawn.
#[tokio::test]
async fn figures_bring_their_data() {
    let room = Room::new().await;
    let code = "import matplotlib.pyplot as plt\nplt.plot([1, 2], [3, 5], label='growth')\nplt.title('T')\nplt.savefig('plot.png')";
    let execution = room.execute(crate::support::request(code)).await;
    let index = execution.result.outputs.iter().position(|output| output.name == "plot.figure.json").expect("the data");
    assert_eq!(execution.result.outputs[index].media_type, "application/vnd.darkroom.figure+json");
    let data: serde_json::Value = serde_json::from_slice(&execution.contents[index]).expect("JSON");
    let axes = &data["axes"][0];
    assert_eq!(axes["title"], "T", "{data}");
    assert_eq!(
        (&axes["series"][0]["x"], &axes["series"][0]["y"]),
        (&serde_json::json!([1, 2]), &serde_json::json!([3, 5])),
        "{data}"
    );
}

/// Protects readers: figures start with the platform's style, from a cold start and a warm one alike.
#[tokio::test]
async fn figures_have_the_same_style_cold_and_warm() {
    let code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.plot([2, 1])\nplt.savefig('/box/out/plot.png')";
    let mut drawn = Vec::new();
    for room in [Room::new().await, Room::with(crate::support::warm([0, 1, 0])).await] {
        let execution = room.execute(crate::support::request(code)).await;
        let names: Vec<&str> = execution.result.outputs.iter().map(|output| output.name.as_str()).collect();
        assert_eq!(names, ["plot.figure.json", "plot.png"], "{}", execution.result.stderr);
        let data: serde_json::Value = serde_json::from_slice(&execution.contents[0]).expect("JSON");
        let series = &data["axes"][0]["series"];
        assert_eq!((&series[0]["colour"], &series[1]["colour"]), (&"#0072b2".into(), &"#d55e00".into()), "{data}");
        drawn.push(execution.contents);
    }
    assert!(drawn[0] == drawn[1], "a cold start and a warm one draw differently");
}
