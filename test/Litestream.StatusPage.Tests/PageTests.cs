using System.Globalization;

namespace Litestream.StatusPage;

/// <summary>The page in a real browser.</summary>
public sealed class PageTests(Browser browser) : IClassFixture<Browser>, IAsyncDisposable
{
    private readonly StatusApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [BrowserFact]
    public async Task It_shows_how_things_stand_and_how_they_change()
    {
        await StartAsync();
        await using var tab = await browser.OpenAsync(_app);
        await tab.UntilAsync("document.getElementById('page').dataset.health === 'safe'");
        (await tab.TextAsync("h1")).Should().Be("Everything is safe: the backup keeps up.");
        (await tab.TextAsync("#name")).Should().Be("notes");
        await tab.UntilAsync("document.querySelector('.chart').getAttribute('aria-label').includes('at most')");

        _app.Replica.Failure = new ReplicaException("The bucket 'backups' refuses the key.", isTransient: false);
        await _app.AddAsync("three");
        await tab.UntilAsync("document.getElementById('page').dataset.health === 'unhealthy'");

        (await tab.TextAsync("#problems")).Should().Contain("The bucket 'backups' refuses the key.").And.Contain("somebody has to mend");
        (await tab.TextAsync("h1")).Should().Contain("Somebody has to look");
        await tab.ShootAsync("unhealthy");
        _app.Replica.Failure = null;
        tab.Complaints.Should().BeEmpty();
        tab.Requests.Should().NotBeEmpty().And.OnlyContain(url => url.StartsWith(_app.Address) || url.StartsWith("data:"));
    }

    [BrowserFact]
    public async Task A_moment_is_chosen_with_the_keyboard_alone_and_gives_the_command()
    {
        await StartAsync();
        var moment = await _app.MomentAsync();
        await Task.Delay(2500);
        await _app.AddAsync("mistake");
        await _app.MomentAsync();
        await using var tab = await browser.OpenAsync(_app);

        await tab.UntilAsync("!document.getElementById('time').hidden");
        await TabToAsync(tab, "show");
        await tab.PressAsync("Enter");
        await tab.UntilAsync("document.activeElement.id === 'line'");
        (await tab.TextAsync("#command-net")).Should().Be("litestream-net restore -o notes-restored.db held://store/notes");

        // Whole seconds back from the last commit; the second before it is after everything else.
        await tab.PressAsync("ArrowLeft");
        var chosen = Time(await tab.TextAsync("#command-net"));
        chosen.Should().BeAfter(moment);
        (await tab.TextAsync("#command-original")).Should().Be((await tab.TextAsync("#command-net")).Replace("litestream-net", "litestream"));
        (await tab.ValueAsync<string>("document.getElementById('line').getAttribute('aria-valuetext')")).Should().Be(await tab.TextAsync("#chosen"));
        (await tab.ValueAsync<long>("+document.getElementById('line').getAttribute('aria-valuenow')")).Should().Be(chosen.ToUnixTimeSeconds());
        await _app.Database.RestoreAsync(new RestoreOptions { OutputPath = _app.Folder.File("copy.db"), Timestamp = chosen });
        (await StatusApp.TextsOfAsync(_app.Folder.File("copy.db"))).Should().Equal("one", "two");

        await tab.PressAsync("Home");
        Time(await tab.TextAsync("#command-net")).Should().BeBefore(moment);
        await tab.PressAsync("End");
        (await tab.TextAsync("#command-net")).Should().NotContain("-timestamp");
        await tab.PressAsync("ArrowLeft", shift: true);
        (await tab.TextAsync("#command-net")).Should().Contain("-timestamp");
        await tab.PressAsync("ArrowRight", 30);
        (await tab.TextAsync("#command-net")).Should().NotContain("-timestamp");
        (await tab.ValueAsync<string>("getComputedStyle(document.activeElement).outlineStyle")).Should().Be("solid");

        await TabToAsync(tab, "command-net");
        await tab.PressAsync("Tab");
        await tab.PressAsync("Enter");
        await tab.UntilAsync("document.activeElement.textContent === 'Copied'");
        tab.Complaints.Should().BeEmpty();
    }

    [BrowserFact]
    public async Task A_copy_is_made_and_downloaded_and_is_what_a_restore_gives()
    {
        await StartAsync();
        await using var tab = await browser.OpenAsync(_app);
        var downloads = Directory.CreateDirectory(_app.Folder.File("downloads")).FullName;
        var cdp = await tab.Page.CreateCDPSessionAsync();
        await cdp.SendAsync("Page.setDownloadBehavior", new { behavior = "allow", downloadPath = downloads });
        await tab.ShowHistoryAsync();

        await tab.ClickAsync("#copy");
        await tab.UntilAsync("!document.getElementById('job-file').hidden");
        (await tab.TextAsync("#job")).Should().Contain("A copy of notes, as it was at the last commit").And.Contain("Every checksum of it is right");
        await tab.ShootAsync("copy");
        await tab.ClickAsync("#job-file");
        await StatusApp.UntilAsync(() => Task.FromResult(Directory.EnumerateFiles(downloads, "*.db").Any()));
        await tab.UntilAsync("document.getElementById('job-text').textContent.includes('was downloaded')");

        var copy = Directory.EnumerateFiles(downloads, "*.db").Single();
        await _app.Database.RestoreAsync(new RestoreOptions { OutputPath = _app.Folder.File("restored.db") });
        (await File.ReadAllBytesAsync(copy)).Should().Equal(await File.ReadAllBytesAsync(_app.Folder.File("restored.db")));
        Directory.EnumerateFileSystemEntries(_app.CopyFolder).Should().BeEmpty();
        tab.Complaints.Should().BeEmpty();
    }

    [BrowserFact]
    public async Task A_database_is_restored_in_place_and_put_back()
    {
        await StartAsync(options => StatusApp.InPlace(options, _app.Pause));
        await _app.MomentAsync();
        await Task.Delay(2500);
        await _app.AddAsync("mistake");
        await _app.MomentAsync();
        await using var tab = await browser.OpenAsync(_app);
        await tab.ShowHistoryAsync();
        await tab.PressAsync("ArrowLeft");

        await tab.ClickAsync("#in-place");
        await tab.UntilAsync("document.getElementById('confirm').open");
        (await tab.ValueAsync<string>("document.activeElement.id")).Should().Be("confirm-no");
        (await tab.TextAsync("#confirm")).Should().Contain("Restore notes in place?").And.Contain("can be put back");
        await tab.ShootAsync("confirm", wholePage: false);
        await tab.PressAsync("Escape");
        (await tab.ValueAsync<bool>("document.getElementById('confirm').open")).Should().BeFalse();
        (await _app.NotesAsync()).Should().Equal("one", "two", "mistake");
        await tab.ClickAsync("#in-place");
        await tab.ClickAsync("#confirm-yes");
        await tab.UntilAsync("document.getElementById('job').dataset.state === 'done'");
        (await _app.NotesAsync()).Should().Equal("one", "two");

        await tab.ClickAsync("#previous-list button");
        await tab.ClickAsync("#confirm-yes");
        await tab.UntilAsync("document.getElementById('job-title').textContent.includes('put back') && document.getElementById('job').dataset.state === 'done'");
        (await _app.NotesAsync()).Should().Equal("one", "two", "mistake");
        await tab.ShootAsync("put-back");
        tab.Complaints.Should().BeEmpty();
    }

    [BrowserFact]
    public async Task It_fits_a_phone_and_follows_the_dark()
    {
        await StartAsync(options => StatusApp.InPlace(options, _app.Pause));
        foreach (var (width, scheme) in new[] { (1000, "light"), (1000, "dark"), (390, "light"), (390, "dark"), (320, "light") })
        {
            await using var tab = await browser.OpenAsync(_app, width, 844, scheme);
            await tab.UntilAsync("document.getElementById('page').dataset.health === 'safe'");
            await tab.ShowHistoryAsync();
            await tab.PressAsync("ArrowLeft", 3);

            (await tab.ValueAsync<int>("document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(width, scheme);
            var dark = await tab.ValueAsync<bool>("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 80)");
            dark.Should().Be(scheme == "dark");
            (await tab.ValueAsync<int>("[...document.querySelectorAll('button, a.button')].filter(e => e.getClientRects().length && e.clientHeight < 30).length")).Should().Be(0);
            await tab.ShootAsync($"{width}-{scheme}");
            tab.Complaints.Should().BeEmpty();
        }
    }

    [BrowserFact]
    public async Task Of_many_databases_one_is_found_by_its_name()
    {
        await _app.StartAsync(page: options => options.CopyDirectory = _app.CopyFolder, others: 70);
        await _app.AddAsync("one");
        await _app.MomentAsync();
        await using var tab = await browser.OpenAsync(_app);
        await tab.UntilAsync("document.querySelectorAll('#list li').length === 60");
        await tab.ShootAsync("many");

        await tab.Page.TypeAsync("#filter", "note");
        await tab.UntilAsync("document.querySelectorAll('#list li').length === 1");
        await tab.ClickAsync("#list button");

        await tab.UntilAsync("document.getElementById('name').textContent === 'notes'");
        (await tab.ValueAsync<string>("document.querySelector('#list button').getAttribute('aria-current')")).Should().Be("true");
        tab.Complaints.Should().BeEmpty();
    }

    [BrowserFact]
    public async Task In_a_hole_the_nearest_moments_are_offered()
    {
        await StartAsync();
        await using var tab = await browser.OpenAsync(_app);
        await tab.AnswerHistoryAsync(History(DateTimeOffset.UtcNow));

        await tab.ShowHistoryAsync();
        await tab.ClickAsync("[data-span=\"86400\"]");
        await tab.Page.EvaluateExpressionAsync("document.getElementById('line').focus()");
        await tab.PressAsync("PageDown", 3);

        (await tab.TextAsync("#chosen")).Should().EndWith("cannot be restored.");
        (await tab.ValueAsync<bool>("document.getElementById('copy').disabled && document.getElementById('commands').hidden")).Should().BeTrue();
        await tab.ShootAsync("hole");
        await tab.ClickAsync("#hole-before");
        (await tab.TextAsync("#chosen")).Should().Contain("with every commit up to then");
        (await tab.TextAsync("#command-net")).Should().Contain("-timestamp");
        await tab.ClickAsync("#generations summary");
        await tab.ClickAsync("#generation-rows tr:last-child button");
        (await tab.TextAsync("#command-net")).Should().Contain("-generation 00000000000000a1").And.NotContain("-timestamp");
        await tab.ShootAsync("generations");
        tab.Complaints.Should().BeEmpty();
    }

    [BrowserFact]
    public async Task A_name_that_is_markup_stays_a_name()
    {
        await using var app = new StatusApp("<img src=x onerror=alert(1)>'\"");
        await app.StartAsync();
        await using var tab = await browser.OpenAsync(app);

        await tab.ShowHistoryAsync();

        (await tab.TextAsync("#name")).Should().Be(app.Name);
        (await tab.TextAsync("#command-net")).Should().Contain("""'<img src=x onerror=alert(1)>'\''"-restored.db'""");
        (await tab.ValueAsync<int>("document.images.length")).Should().Be(0);
        tab.Complaints.Should().BeEmpty();
    }

    [BrowserFact]
    public async Task When_the_application_is_gone_the_page_says_so()
    {
        await StartAsync();
        await using var tab = await browser.OpenAsync(_app);

        await _app.App.StopAsync();

        await tab.UntilAsync("!document.getElementById('offline').hidden");
        (await tab.TextAsync("#offline")).Should().Contain("does not answer");
    }

    private static object History(DateTimeOffset now)
    {
        return new
        {
            database = "notes",
            replica = "primary",
            listedAt = now,
            truncated = false,
            previous = Array.Empty<object>(),
            generations = new object[]
            {
                Generation("00000000000000a2", true, (now.AddHours(-11), now.AddHours(-9)), (now.AddHours(-5), now.AddMinutes(-10))),
                Generation("00000000000000a1", false, (now.AddDays(-6), now.AddHours(-14))),
            },
        };

        static object Generation(string name, bool current, params (DateTimeOffset From, DateTimeOffset Until)[] ranges) => new
        {
            name,
            current,
            ranges = ranges.Select(range => new { from = range.From, until = range.Until }),
            snapshots = ranges.Select(range => new { at = range.From, bytes = 123_456 }),
            segments = 100,
            segmentBytes = 12_345_678,
            snapshotBytes = 123_456,
        };
    }

    private static DateTimeOffset Time(string command) =>
        DateTimeOffset.Parse(command.Split("-timestamp ")[1].Split(' ')[0], CultureInfo.InvariantCulture);

    private static async Task TabToAsync(Tab tab, string id)
    {
        for (var i = 0; i < 60 && await tab.ValueAsync<string>("document.activeElement.id") != id; i++)
        {
            await tab.PressAsync("Tab");
        }

        (await tab.ValueAsync<string>("document.activeElement.id")).Should().Be(id);
    }

    private async Task StartAsync(Action<LitestreamPageOptions>? page = null)
    {
        await _app.StartAsync(page: page);
        await _app.AddAsync("one", "two");
        await _app.MomentAsync();
    }
}
