using System.Collections.Concurrent;
using System.Text.Json;
using PuppeteerSharp;

namespace Litestream.StatusPage;

/// <summary>The page in a browser, as a person has it.</summary>
internal sealed class Tab(IBrowserContext context, IPage page, StatusApp app) : IAsyncDisposable
{
    public IPage Page => page;

    /// <summary>What the browser complained about.</summary>
    public ConcurrentQueue<string> Complaints { get; } = [];

    /// <summary>Where the page sent requests to.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public async Task OpenAsync(int width, int height, string scheme)
    {
        page.Console += (_, e) => Complaints.Enqueue($"{e.Message.Type}: {e.Message.Text}");
        page.PageError += (_, e) => Complaints.Enqueue($"error: {e.Message}");
        page.Request += (_, e) => Requests.Enqueue(e.Request.Url);
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = height, IsMobile = width < 500, HasTouch = width < 500 });
        await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme }]);
        await page.GoToAsync($"{app.Address}/litestream");
        await UntilAsync("document.getElementById('page').dataset.health !== 'unknown'");
    }

    /// <summary>Opens the history of the database.</summary>
    public async Task ShowHistoryAsync()
    {
        await ClickAsync("#show");
        await UntilAsync("!document.getElementById('history').hidden");
    }

    /// <summary>Gives the page a history that takes days to come about.</summary>
    public async Task AnswerHistoryAsync(object history)
    {
        await page.SetRequestInterceptionAsync(true);
        page.Request += async (_, e) =>
        {
            if (e.Request.Url.Contains("/history?"))
            {
                await e.Request.RespondAsync(new ResponseData { ContentType = "application/json", Body = JsonSerializer.Serialize(history) });
            }
            else
            {
                await e.Request.ContinueAsync();
            }
        };
    }

    public Task<string> TextAsync(string selector) => page.EvaluateExpressionAsync<string>($"document.querySelector('{selector}').innerText");

    public Task<T> ValueAsync<T>(string expression) => page.EvaluateExpressionAsync<T>(expression);

    /// <summary>Presses it as a mouse or a finger does, wherever it is on the page.</summary>
    public async Task ClickAsync(string selector)
    {
        await UntilAsync($"(e => e && !e.disabled && e.getClientRects().length > 0)(document.querySelector('{selector}'))");
        await page.EvaluateExpressionAsync($"document.querySelector('{selector}').scrollIntoView({{ block: 'center' }})");
        await page.ClickAsync(selector);
    }

    public async Task PressAsync(string key, int times = 1, bool shift = false)
    {
        if (shift)
        {
            await page.Keyboard.DownAsync("Shift");
        }

        for (var i = 0; i < times; i++)
        {
            await page.Keyboard.PressAsync(key);
        }

        if (shift)
        {
            await page.Keyboard.UpAsync("Shift");
        }
    }

    public Task UntilAsync(string condition) => StatusApp.UntilAsync(() => page.EvaluateExpressionAsync<bool>($"!!({condition})"));

    /// <summary>For people to look at: only where somebody asked for it.</summary>
    public async Task ShootAsync(string name, bool wholePage = true)
    {
        if (Environment.GetEnvironmentVariable("LITESTREAM_SCREENSHOTS") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            await page.EvaluateExpressionAsync("window.scrollTo(0, 0)");
            await page.ScreenshotAsync(Path.Combine(folder, $"{name}.png"), new ScreenshotOptions { FullPage = wholePage });
        }
    }

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}
