namespace Litestream.AspNetCore.StatusPage;

/// <summary>One restore that was begun from the page. Thread-safe.</summary>
internal sealed class PageJob : IDisposable
{
    private readonly Lock _lock = new(); // guards the fields below
    private readonly CancellationTokenSource _cancel;
    private PageJobReport _report;
    private CopyFile? _copy;
    private ITimer? _expiry;
    private string? _stopped;
    private bool _isSending;

    /// <param name="report">How it begins.</param>
    /// <param name="stopping">The end of the application.</param>
    public PageJob(PageJobReport report, CancellationToken stopping)
    {
        _report = report;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Token = _cancel.Token;
    }

    /// <summary>Cancelled when somebody, or the end of the application, ends it.</summary>
    public CancellationToken Token { get; }

    public string Id => _report.Id;

    public PageJobReport Report
    {
        get
        {
            lock (_lock)
            {
                return _report;
            }
        }
    }

    /// <summary>Whether another one has to wait.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_lock)
            {
                return _report.State == PageJobState.Running || _isSending;
            }
        }
    }

    /// <summary>Why it was ended by something else than a person; null if it was not.</summary>
    public string? Stopped
    {
        get
        {
            lock (_lock)
            {
                return _stopped;
            }
        }
    }

    public void Update(Func<PageJobReport, PageJobReport> change)
    {
        lock (_lock)
        {
            _report = change(_report);
        }
    }

    /// <summary>Ends it. One whose copy is ready lets go of that.</summary>
    /// <param name="reason">Null if a person wants it.</param>
    public void Cancel(string? reason = null)
    {
        lock (_lock)
        {
            if (_report.State == PageJobState.Ready && !_isSending)
            {
                Close(PageJobState.Cancelled, "The copy was deleted.");
                return;
            }

            if (_report.State != PageJobState.Running)
            {
                return;
            }

            _stopped ??= reason;
        }

        // Runs what waits for it, so outside the lock.
        _cancel.Cancel();
    }

    /// <summary>The copy is there, and waits.</summary>
    public void Ready(CopyFile copy, PageJobReport report, TimeProvider time, TimeSpan kept)
    {
        lock (_lock)
        {
            _copy = copy;
            _report = report with { State = PageJobState.Ready, FileBytes = copy.Length, ExpiresAt = time.GetUtcNow() + kept };
            _expiry = time.CreateTimer(_ => Expire(), null, kept, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Takes the copy for a download; null if there is none, or somebody is at it.</summary>
    public CopyFile? BeginSending()
    {
        lock (_lock)
        {
            if (_copy is null || _isSending || _report.State != PageJobState.Ready)
            {
                return null;
            }

            _isSending = true;
            return _copy;
        }
    }

    /// <summary>Ends the download. What was not sent to its end may be fetched again.</summary>
    public void EndSending(bool complete)
    {
        lock (_lock)
        {
            _isSending = false;
            if (complete)
            {
                Close(PageJobState.Done, "The copy was downloaded. Nothing of it is left on the server.");
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _expiry?.Dispose();
            _copy?.Dispose();
            _copy = null;
        }

        _cancel.Dispose();
    }

    private void Expire()
    {
        lock (_lock)
        {
            if (_report.State == PageJobState.Ready && !_isSending)
            {
                Close(PageJobState.Expired, "The copy was not downloaded in time, and is deleted.");
            }
        }
    }

    private void Close(PageJobState state, string text)
    {
        _copy?.Dispose();
        _copy = null;
        _expiry?.Dispose();
        _report = _report with { State = state, Text = text, ExpiresAt = null };
    }
}
