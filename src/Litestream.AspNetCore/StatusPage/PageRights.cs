using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>What whoever asks may do besides looking.</summary>
internal sealed class PageRights(LitestreamPageOptions options)
{
    /// <summary>What may be done at all, by those who have the rights.</summary>
    public PageAllows At(HttpContext context) => new(options.AllowDownload ?? !AccessRule.IsOpen(context), options.AllowRestoreInPlace);

    /// <summary>What this one may do: so that the page shows nothing that would be refused.</summary>
    public async Task<PageAllows> OfAsync(HttpContext context)
    {
        if (options.RestoreAuthorizationPolicy is { } policy
            && context.RequestServices.GetService<IAuthorizationService>() is { } authorization
            && !(await authorization.AuthorizeAsync(context.User, context, policy).ConfigureAwait(false)).Succeeded)
        {
            return new PageAllows(Download: false, RestoreInPlace: false);
        }

        return At(context);
    }
}
