using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Litestream;

namespace Notes;

/// <summary>The one page. Plain HTML: it needs no script, and follows the reader's light or dark setting.</summary>
public static class Page
{
    private const string Start = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Notes</title>
        <link rel="icon" href="data:,">
        <style>
        :root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d2430; --faint: #667085; --line: #e4e1d8; --accent: #1f6f5c; --on-accent: #fff; --warn: #a14a00; }
        @media (prefers-color-scheme: dark) { :root { --paper: #14171c; --card: #1d2229; --ink: #e8eaed; --faint: #98a2b3; --line: #2e3640; --accent: #5fc2a7; --on-accent: #10211c; --warn: #f0a35e; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
        h1 { margin: 0; font-size: 1.75rem; letter-spacing: -0.02em; }
        .status { margin: .25rem 0 1.5rem; color: var(--faint); font-size: .875rem; }
        .status.trouble { color: var(--warn); }
        .dot { display: inline-block; width: .6em; height: .6em; margin-right: .4em; border-radius: 50%; background: currentColor; }
        .ok .dot { background: var(--accent); }
        form { display: flex; flex-direction: column; gap: .75rem; margin-bottom: 2rem; }
        textarea { width: 100%; padding: .75rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); color: inherit; font: inherit; resize: vertical; }
        textarea:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        button { align-self: flex-end; min-height: 2.75rem; padding: 0 1.5rem; border: 0; border-radius: .6rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
        ul { list-style: none; margin: 0; padding: 0; }
        li { padding: .9rem 1rem; margin-bottom: .75rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
        li p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
        time, .empty, .more { color: var(--faint); font-size: .8125rem; }
        .empty { padding: 2rem 0; text-align: center; font-size: 1rem; }
        .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
        @media (max-width: 30rem) { button { align-self: stretch; } main { padding-top: 1.25rem; } }
        </style>
        </head>
        <body>
        <main>
        <h1>Notes</h1>
        """;

    private const string End = """
        </main>
        </body>
        </html>

        """;

    public static string Render(IReadOnlyList<Note> newest, int count, DatabaseStatus backup)
    {
        var html = new StringBuilder(Start);
        html.Append('\n').Append(Status(backup));
        html.Append(CultureInfo.InvariantCulture, $"""

            <form method="post" action="/">
            <label class="visually-hidden" for="text">New note</label>
            <textarea id="text" name="text" rows="3" maxlength="{Note.MaxLength}" placeholder="What should not be forgotten?" required autofocus></textarea>
            <button>Add note</button>
            </form>

            """);
        if (newest.Count == 0)
        {
            html.Append("<p class=\"empty\">No notes yet. The first one is copied to the backup as soon as it is saved.</p>\n");
        }
        else
        {
            html.Append("<ul>\n");
            foreach (var note in newest)
            {
                html.Append(CultureInfo.InvariantCulture, $"""
                    <li><p>{HtmlEncoder.Default.Encode(note.Text)}</p><time datetime="{note.CreatedAt:O}">{note.CreatedAt.LocalDateTime:d MMMM yyyy, HH:mm}</time></li>

                    """);
            }

            html.Append("</ul>\n");
        }

        if (count > newest.Count)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"more\">The newest {newest.Count} of {count} notes.</p>\n");
        }

        return html.Append(End).ToString();
    }

    private static string Status(DatabaseStatus backup)
    {
        var text = backup.State switch
        {
            ReplicationState.Replicating => "Every note is copied to backups/notes.",
            ReplicationState.WaitingForDatabase => "The backup starts with the first note.",
            ReplicationState.WaitingForOtherProcess => "Another process is backing these notes up.",
            ReplicationState.Restoring => "The notes are being restored.",
            _ => $"The backup is not up to date: {backup.LastError ?? backup.State.ToString()}",
        };
        var kind = backup.State is ReplicationState.Retrying or ReplicationState.Faulted or ReplicationState.Stopped ? "trouble" : "ok";
        return $"<p class=\"status {kind}\"><span class=\"dot\"></span>{HtmlEncoder.Default.Encode(text)}</p>";
    }
}
