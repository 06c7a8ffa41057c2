using PuppeteerSharp;

namespace Litestream.StatusPage;

/// <summary>The system's Chromium without a window, started once for all tests of a class.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IBrowser? _browser;

    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    public async Task InitializeAsync()
    {
        if (Find() is { } program)
        {
            _browser = await Puppeteer.LaunchAsync(new LaunchOptions
            {
                ExecutablePath = program,
                Headless = true,
                Timeout = (int)StatusApp.Patience.TotalMilliseconds,
                ProtocolTimeout = (int)StatusApp.Patience.TotalMilliseconds,

                // Tests run as root, where there is no sandbox, and in containers with little shared memory.
                Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-extensions"],
            });
        }
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    /// <summary>A page with a memory of its own.</summary>
    internal async Task<Tab> OpenAsync(StatusApp app, int width = 1000, int height = 900, string scheme = "light")
    {
        var browser = _browser ?? throw new InvalidOperationException("Chromium is not installed.");
        var context = await browser.CreateBrowserContextAsync();
        var tab = new Tab(context, await context.NewPageAsync(), app);
        await tab.OpenAsync(width, height, scheme);
        return tab;
    }
}
