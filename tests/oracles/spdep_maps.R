# Statistics of a random map by spdep, the other side of a differential test. No file format of R's is needed: numbers leave
# with seventeen digits, as JSON written here.
#
# usage: Rscript spdep_maps.R SEED VALUES.csv NEIGHBOURS.csv EXPECTED.json

suppressPackageStartupMessages(library(spdep))
options(digits = 17, warn = 2)
arguments <- commandArgs(trailingOnly = TRUE)
set.seed(as.integer(arguments[1]))

n <- 240
places <- cbind(runif(n, 0, 10), runif(n, 0, 10))
neighbours <- make.sym.nb(knn2nb(knearneigh(places, k = sample(3:6, 1))))
columns <- list(
  count = as.numeric(rpois(n, 1.3)),
  real = rlnorm(n),
  kind = rbinom(n, 1, 0.4)
)

values <- data.frame(id = sprintf("p%03d", seq_len(n)), count = columns$count, real = sprintf("%.17g", columns$real), kind = columns$kind)
write.csv(values[sample(n), ], arguments[2], row.names = FALSE, quote = FALSE)
from <- rep(seq_len(n), lengths(neighbours))
links <- data.frame(from = values$id[from], to = values$id[unlist(neighbours)], weight = 1)
write.csv(links, arguments[3], row.names = FALSE, quote = FALSE)

binary <- nb2listw(neighbours, style = "B")
rows <- nb2listw(neighbours, style = "W")
star <- nb2listw(include.self(neighbours), style = "B")

list_of <- function(numbers) paste0("[", paste(sprintf("%.17g", as.numeric(numbers)), collapse = ","), "]")
object <- function(members) {
  paste0("{", paste(sprintf("\"%s\":%s", names(members), unlist(members)), collapse = ","), "}")
}
one <- function(number) sprintf("%.17g", as.numeric(number))

of_column <- function(x) {
  found <- list()
  for (style in c("given", "row")) {
    weights <- if (style == "given") binary else rows
    # mlvar: spdep divides by the sum of squares over n, or over n - 1.
    local <- localmoran(x, weights, conditional = TRUE, mlvar = TRUE)
    found[[paste("local", style)]] <- object(list(
      i = list_of(local[, "Ii"]), expected = list_of(local[, "E.Ii"]), variance = list_of(local[, "Var.Ii"])
    ))
    moran <- moran.test(x, weights, randomisation = TRUE, alternative = "two.sided")
    found[[paste("moran", style)]] <- object(list(
      statistic = one(moran$estimate[1]), expected = one(moran$estimate[2]), variance_rand = one(moran$estimate[3])
    ))
    geary <- geary.test(x, weights, randomisation = TRUE, alternative = "two.sided")
    found[[paste("geary", style)]] <- object(list(
      statistic = one(geary$estimate[1]), variance_rand = one(geary$estimate[3])
    ))
  }
  found[["gi"]] <- object(list(z = list_of(localG(x, binary))))
  found[["gi star"]] <- object(list(z = list_of(localG(x, star))))
  general <- globalG.test(x, binary, alternative = "two.sided")
  found[["general-g"]] <- object(list(
    statistic = one(general$estimate[1]), expected = one(general$estimate[2]), variance = one(general$estimate[3])
  ))
  losh <- LOSH(x, rows)
  found[["losh"]] <- object(list(h = list_of(losh[, "Hi"])))
  object(found)
}

joins <- joincount.test(factor(columns$kind, levels = c(0, 1)), binary)
expected <- list(
  count = of_column(columns$count),
  real = of_column(columns$real),
  joins = object(list(ww = one(joins[[1]]$estimate[1]), bb = one(joins[[2]]$estimate[1])))
)
writeLines(object(expected), arguments[4])
